import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { aLedger, id, INSTALLATION, nonce, NOW, serverToken } from '../../test/builders.ts';
import {
  cluster,
  databaseToken,
  managedSecret,
  namespace,
  type MemoryWorld,
  withMetadata,
  withToken,
} from '../../test/reconcilers/memory-world.ts';
import { GRANTING, KEY, TokenStage } from '../../test/reconcilers/token-stage.ts';
import type { TokenInfo } from '../influxdb/issuer.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { conditionsOf } from '../resources/conditions.ts';
import { FINALIZER } from '../resources/group.ts';
import type { TokenObject } from '../resources/token-object.ts';
import { digest } from '../tokens/ledger.ts';
import { markDescription } from '../tokens/marker.ts';
import { secretContent, secretManifest, secretRecord } from '../tokens/secret.ts';
import { wantedOf } from '../tokens/wanted.ts';
import type { Inventory } from './clusters.ts';

const SECRET_PATH = '/api/v1/namespaces/metrics/secrets/telegraf';
const { signal } = new AbortController();

let memory: MemoryWorld;
let kubernetes: TokenStage['kubernetes'];
let reconciler: TokenStage['reconciler'];
let given: TokenStage['given'];
let givenCluster: TokenStage['givenCluster'];
let reason: TokenStage['reason'];

beforeEach(async () => {
  ({ memory, kubernetes, reconciler, given, givenCluster, reason } = await TokenStage.open());
});

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

describe('an object that stands well', () => {
  let looks: jest.SpiedFunction<MemoryWorld['world']['rank']>;

  beforeEach(async () => {
    const object = withToken(withMetadata(databaseToken('telegraf'), { finalizers: [FINALIZER] }), id(1));
    const conditions = conditionsOf({ reason: 'Issued', message: '' }, [], 1, NOW);
    given({ ...object, status: { ...object.status, observedGeneration: 1, conditions } });
    givenCluster({ spec: GRANTING });
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
    givenCluster({ spec: { ...GRANTING, access: [] } });
    await reconciler.reconcile(KEY, signal);
    expect(reason()).toBe('AccessDenied');
  });

  test('is looked at when something changed while it was looked at', async () => {
    givenCluster({ spec: { ...GRANTING, url: 'https://elsewhere.example.com' } });
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
