import { setImmediate as turn } from 'node:timers/promises';

import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { aLedger, id, INSTALLATION, nonce, NOW, serverToken } from '../../test/builders.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import { connectionTo, MemoryIssuer } from '../../test/reconcilers/memory-issuer.ts';
import { MemoryKubernetes } from '../../test/reconcilers/memory-kubernetes.ts';
import {
  cluster,
  databaseToken,
  managedSecret,
  namespace,
  MemoryWorld,
  withMetadata,
  withToken,
} from '../../test/reconcilers/memory-world.ts';
import { waitFor } from '../../test/wait.ts';
import type { TokenInfo } from '../influxdb/issuer.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { createLogger } from '../logging.ts';
import { conditionsOf } from '../resources/conditions.ts';
import { FINALIZER } from '../resources/group.ts';
import type { TokenObject } from '../resources/token-object.ts';
import { createMetrics } from '../server/metrics.ts';
import { digest } from '../tokens/ledger.ts';
import { markDescription } from '../tokens/marker.ts';
import { secretContent, secretManifest, secretRecord } from '../tokens/secret.ts';
import { wantedOf } from '../tokens/wanted.ts';
import { Clusters, type ClusterState, type Inventory } from './clusters.ts';
import { Narrator } from './narrator.ts';
import { Newcomers } from './newcomers.ts';
import { TokenReconciler } from './token-reconciler.ts';

const KEY = 'DatabaseToken/metrics/telegraf';
const PATH = '/apis/influxtokens.dev/v1alpha1/namespaces/metrics/databasetokens/telegraf';
const SECRET_PATH = '/api/v1/namespaces/metrics/secrets/telegraf';
const { signal } = new AbortController();

let memory: MemoryWorld;
let kubernetes: MemoryKubernetes;
let clusters: Clusters;
let reconciler: TokenReconciler;

beforeEach(async () => {
  memory = new MemoryWorld();
  kubernetes = new MemoryKubernetes(() => memory.nextVersion());
  const clock = new ManualClock(NOW);
  clusters = new Clusters(memory.world, clock, INSTALLATION);
  const log = await createLogger({ level: 'fatal', format: 'json' });
  reconciler = new TokenReconciler({
    world: memory.world,
    clusters,
    client: kubernetes,
    narrator: new Narrator({ record: () => undefined }, log, createMetrics('test')),
    clock,
    newcomers: new Newcomers(clock),
    installation: INSTALLATION,
    minimumLifetime: 3_600_000,
    suspect: () => undefined,
  });
});

/** The object on the API server, shown by the watch. */
function given(object: TokenObject = databaseToken('telegraf')): void {
  const store = object.kind === 'DatabaseToken' ? memory.databaseTokens : memory.managementTokens;
  const stored = memory.put(store, object);
  kubernetes.objects.set(PATH, { ...stored, metadata: { ...stored.metadata } });
}

/** A cluster that keeps its finalizer and has no access rule; its state, if it was looked at. */
function givenCluster(state: Partial<ClusterState> | undefined, finalizers: string[] = [FINALIZER]): void {
  const object = memory.put(memory.clusters, withMetadata(cluster(), { finalizers }));
  if (state === undefined) return;
  clusters.set('default', { object, spec: object.spec, connection: connectionTo(new MemoryIssuer()), ...state });
}

/** Token 1 as the server should show it for the object. */
function tokenOfObject(): TokenInfo {
  const marker = { installation: INSTALLATION, uid: 'telegraf-uid', attempt: nonce(1) };
  return serverToken(1, { description: markDescription('metrics/telegraf', marker) });
}

/** The Secret of an object with token 1, on the API server and shown by the watch. */
function givenSecret(object: TokenObject): void {
  const string = new TokenString('apiv1_1');
  const content = secretContent(object, object.spec, wantedOf(object, object.spec), cluster().spec.url);
  const ledger = aLedger({
    object: `DatabaseToken/metrics/telegraf/${object.metadata.uid}`,
    digest: digest(id(1), string),
  });
  const { metadata, data } = secretManifest(content, ledger, string);
  const record = memory.put(memory.secrets, secretRecord({ ...metadata, uid: 'secret-uid', resourceVersion: '1' }));
  kubernetes.objects.set(SECRET_PATH, { metadata: { ...metadata, ...record.metadata }, data });
}

function reason(): string | undefined {
  return memory.databaseTokens.get('metrics/telegraf')?.status?.conditions?.find(({ type }) => type === 'Ready')
    ?.reason;
}

describe('nothing is asked or written', () => {
  test.each([
    ['before its cluster was looked at', undefined, [FINALIZER]],
    ['before the first list has shown that it is the right cluster', { unproven: true }, [FINALIZER]],
    ['before its cluster keeps its finalizer', {}, []],
  ] as const)('%s', async (_, state, finalizers) => {
    given();
    givenCluster(state, [...finalizers]);
    expect(await reconciler.reconcile(KEY, signal)).toEqual({});
    expect(kubernetes.requests).toEqual([]);
  });

  test('while it is deleted and its cluster was not looked at yet', async () => {
    given(
      withMetadata(databaseToken('telegraf'), { deletionTimestamp: '2030-01-01T00:00:00Z', finalizers: [FINALIZER] }),
    );
    givenCluster({ unproven: true });
    expect(await reconciler.reconcile(KEY, signal)).toEqual({});
    expect(kubernetes.requests).toEqual([]);
  });

  test('for an object that is gone', async () => {
    expect(await reconciler.reconcile(KEY, signal)).toEqual({});
    expect(kubernetes.requests).toEqual([]);
  });
});

describe('one look says what is the matter, and the next one has nothing to write', () => {
  test.each([
    ['without a cluster', () => given(), 'ClusterNotFound'],
    [
      'with a spec that makes no sense',
      () => {
        given(databaseToken('telegraf', { lifetime: '1m' }));
        givenCluster({});
      },
      'InvalidSpec',
    ],
    [
      'without an access rule',
      () => {
        given();
        givenCluster({});
      },
      'AccessDenied',
    ],
  ])('%s', async (_, fill, told) => {
    fill();
    await reconciler.reconcile(KEY, signal);
    expect(reason()).toBe(told);
    const { length } = kubernetes.requests;
    await reconciler.reconcile(KEY, signal);
    expect(kubernetes.requests).toHaveLength(length);
  });

  test('a corrected spec is checked anew, though the key is the same', async () => {
    given(databaseToken('telegraf', { lifetime: '1m' }));
    givenCluster({});
    await reconciler.reconcile(KEY, signal);
    given(withMetadata(databaseToken('telegraf', { lifetime: '2h' }), { generation: 2 }));
    await reconciler.reconcile(KEY, signal);
    expect(reason()).toBe('AccessDenied');
  });

  test('so is another object under the same name', async () => {
    given(databaseToken('telegraf', { lifetime: '1m' }));
    givenCluster({});
    await reconciler.reconcile(KEY, signal);
    given(withMetadata(databaseToken('telegraf'), { uid: 'another' }));
    await reconciler.reconcile(KEY, signal);
    expect(reason()).toBe('AccessDenied');
  });
});

const granted = { name: 'all', namespaces: { names: ['metrics'] }, databases: ['sensors'], actions: ['read' as const] };
const spec = { ...cluster().spec, access: [granted], activationProbe: 'Disabled' as const };

describe('the dry run of the Secret, which leaves nothing behind', () => {
  const asked = (): string[] =>
    kubernetes.requests.map(({ method, query }) => (query?.['dryRun'] === 'All' ? `${method}, dry run` : method));
  let answerToFinalizer: PromiseWithResolvers<void>;

  beforeEach(() => {
    answerToFinalizer = Promise.withResolvers();
    const request = kubernetes.request.bind(kubernetes);
    jest.spyOn(kubernetes, 'request').mockImplementation(async (asking) => {
      const answer = await request(asking);
      if (asking.method === 'PATCH' && asking.path === PATH) await answerToFinalizer.promise;
      return answer;
    });
  });

  test('does not wait for the answer to the finalizer, but the token does', async () => {
    const issuer = new MemoryIssuer();
    given();
    givenCluster({ spec, connection: connectionTo(issuer) });
    const reconciling = reconciler.reconcile(KEY, signal);
    await waitFor(() => kubernetes.requests.length > 1, { what: 'the dry run', timeout: 5_000 });
    await turn();
    expect(asked()).toEqual(['PATCH', 'POST, dry run']);
    expect(issuer.asked).toEqual([]);
    answerToFinalizer.resolve();
    await reconciling;
    expect(asked()).toEqual(['PATCH', 'POST, dry run', 'POST', 'PATCH']);
    expect(reason()).toBe('Issued');
  });

  test('counts for nothing when the object turns out to be gone', async () => {
    const issuer = new MemoryIssuer();
    given();
    givenCluster({ spec, connection: connectionTo(issuer) });
    kubernetes.objects.delete(PATH);
    answerToFinalizer.resolve();
    await reconciler.reconcile(KEY, signal);
    expect(issuer.asked).toEqual([]);
  });

  test('is not made for an object that may have no token', async () => {
    given();
    givenCluster({ spec: { ...spec, access: [] } });
    await reconciler.reconcile(KEY, signal);
    expect(asked()).not.toContain('POST, dry run');
  });
});

describe('an object that stands well', () => {
  let looks: jest.SpiedFunction<MemoryWorld['world']['rank']>;

  beforeEach(async () => {
    const object = withToken(withMetadata(databaseToken('telegraf'), { finalizers: [FINALIZER] }), id(1));
    const conditions = conditionsOf({ reason: 'Issued', message: '' }, [], 1, NOW);
    given({ ...object, status: { ...object.status, observedGeneration: 1, conditions } });
    givenCluster({ spec });
    givenSecret(object);
    await reconciler.reconcile(KEY, signal);
    looks = jest.spyOn(memory.world, 'rank');
  });

  test('is not looked at again while nothing changes: our own status comes back as a change', async () => {
    expect(reason()).toBe('Issued');
    expect(await reconciler.reconcile(KEY, signal)).toEqual({});
    expect(looks).not.toHaveBeenCalled();
  });

  test('is taken as it is by a process that begins, without a request', () => {
    expect(kubernetes.requests.filter(({ path }) => path === SECRET_PATH)).toEqual([]);
  });

  test('is looked at when its Secret is gone', async () => {
    memory.remove(memory.secrets, managedSecret('telegraf', id(1), 'telegraf-uid'));
    const { length } = kubernetes.requests;
    await reconciler.reconcile(KEY, signal);
    expect(kubernetes.requests.length).toBeGreaterThan(length);
  });

  test('is looked at when its namespace, the object itself or its cluster changes', async () => {
    memory.put(memory.namespaces, namespace('metrics', { team: 'a' }));
    await reconciler.reconcile(KEY, signal);
    expect(looks).toHaveBeenCalledTimes(1);
    given(withMetadata(memory.databaseTokens.get('metrics/telegraf') ?? databaseToken('telegraf'), { labels: {} }));
    await reconciler.reconcile(KEY, signal);
    expect(looks).toHaveBeenCalledTimes(2);
    givenCluster({ spec: { ...spec, access: [] } });
    await reconciler.reconcile(KEY, signal);
    expect(reason()).toBe('AccessDenied');
  });

  test('is looked at when something changed while it was looked at', async () => {
    givenCluster({ spec: { ...spec, url: 'https://elsewhere.example.com' } });
    const reconciling = reconciler.reconcile(KEY, signal);
    const secret = managedSecret('telegraf', id(2), 'telegraf-uid', ['telegraf-uid']);
    memory.put(memory.secrets, secret);
    await reconciling;
    looks.mockClear();
    await reconciler.reconcile(KEY, signal);
    expect(looks).toHaveBeenCalled();
  });
});

describe('an inventory', () => {
  const listed = (byUID: readonly [string, TokenInfo][]): Inventory => ({
    kind: 'DatabaseToken',
    begun: NOW,
    finished: NOW,
    knowsUs: true,
    byUID: new Map(byUID.map(([uid, token]) => [uid, [token]])),
  });
  const inventory = (...tokens: [string, number][]): Inventory =>
    listed(tokens.map(([uid, number]) => [uid, serverToken(number)]));

  beforeEach(() => {
    memory.put(memory.databaseTokens, withToken(databaseToken('telegraf'), id(1)));
    memory.put(memory.secrets, managedSecret('telegraf', id(1), 'telegraf-uid', ['telegraf-uid']));
    memory.put(memory.databaseTokens, databaseToken('new'));
  });

  test('that shows what is known draws attention to nobody', () => {
    expect(reconciler.attentionTo('default', inventory(['telegraf-uid', 1]))).toEqual([]);
  });

  test('draws it to an object whose token is missing, and to one with a token that nothing names', () => {
    expect(reconciler.attentionTo('default', inventory(['new-uid', 2]))).toEqual([
      'DatabaseToken/metrics/telegraf',
      'DatabaseToken/metrics/new',
    ]);
  });

  test.each([
    ['permissions', { permissions: [{ action: 'write', resource: 'sensors' }] } as const],
    ['description', { description: tokenOfObject().description.replace('metrics/telegraf', 'Mine') }],
  ])(
    'draws it to a token whose %s changed outside, also after a restart, when it was never looked at',
    async (_, change) => {
      givenCluster({});
      await reconciler.reconcile(KEY, signal);
      expect(reconciler.attentionTo('default', listed([['telegraf-uid', tokenOfObject()]]))).toEqual([]);
      const altered = { ...tokenOfObject(), ...change };
      expect(reconciler.attentionTo('default', listed([['telegraf-uid', altered]]))).toEqual([KEY]);
    },
  );

  test('of another cluster says nothing about its objects', () => {
    expect(reconciler.attentionTo('other', inventory())).toEqual([]);
  });
});
