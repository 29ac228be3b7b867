// The reflector against a real API server that is killed, cut off, and full.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '../../src/controller/clock.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { dropManagedFields, type RawObject } from '../../src/kubernetes/raw-object.ts';
import { Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { testNamespace } from '../controlplane/shared.ts';
import { waitFor } from '../wait.ts';
import { Forwarder } from './forwarder.ts';
import { kubeconfigWith } from './kubeconfig-with.ts';
import { connect } from './test-client.ts';

jest.setTimeout(120_000);

let controlPlane: ControlPlane;
let client: KubernetesClient;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  controlPlane = await startControlPlane();
  const direct = await connect(controlPlane.adminKubeconfig);
  client = direct.client;
  cleanUp.push(direct.close, () => controlPlane.stop());
});
afterAll(async () => {
  for (const clean of cleanUp) await clean();
});

/** A namespace of the test's own, and its ConfigMaps. */
async function setUp() {
  const namespace = await testNamespace(controlPlane, 'reflector');
  const path = (name?: string): string =>
    resourcePath({
      group: '',
      version: 'v1',
      plural: 'configmaps',
      namespace,
      ...(name === undefined ? {} : { name }),
    });
  return {
    namespace,
    path,
    create: (name: string, more: object = {}): Promise<RawObject> =>
      client.request({ method: 'POST', path: path(), body: { metadata: { name }, ...more } }),
    remove: (name: string): Promise<unknown> => client.request({ method: 'DELETE', path: path(name) }),
  };
}

const running: Reflector<RawObject>[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((reflector) => reflector.stop()));
});

function reflect(options: Partial<ReflectorOptions<RawObject>> & { path: string }) {
  const counts = { listed: 0, watched: 0, changed: 0 };
  const observer = {
    listed: () => void counts.listed++,
    watched: () => void counts.watched++,
    changed: () => void counts.changed++,
  };
  const logged: string[] = [];
  const note = (_: object, message: string): void => void logged.push(message);
  const store = new Store<RawObject>();
  const reflector = new Reflector({
    client,
    store,
    observer,
    clock: systemClock,
    log: { debug: note, info: note, warn: note, error: note },
    convert: dropManagedFields,
    ...options,
  });
  running.push(reflector);
  reflector.start();
  const names = (): string[] => [...store.values()].map(({ metadata }) => metadata.name).sort();
  return { store, reflector, counts, logged, names };
}

/** Waits until the store holds these and nothing else, but for the ConfigMap that each namespace has. */
function holds(names: () => string[], ...expected: string[]): Promise<unknown> {
  const what = `the store to hold ${expected.join(', ')}`;
  return waitFor(
    () =>
      names()
        .filter((name) => name !== 'kube-root-ca.crt')
        .join() === expected.join(),
    { what },
  );
}

/** A client whose connections the test can cut. */
async function throughForwarder(): Promise<{ client: KubernetesClient; forwarder: Forwarder }> {
  const forwarder = await Forwarder.start(controlPlane.server);
  const { client, close } = await connect(await kubeconfigWith(controlPlane, { server: forwarder.url }));
  cleanUp.unshift(close, () => forwarder.close());
  return { client, forwarder };
}

describe('a reflector', () => {
  test('follows a collection, and reads our own writes before the watch tells of them', async () => {
    const { create, remove, path } = await setUp();
    const { store, reflector, names } = reflect({ path: path() });
    await reflector.synced;
    const heard: string[] = [];
    store.onChange(({ key, before, after }) =>
      heard.push(`${key.split('/')[1]} ${before ? 'was' : ''} ${after ? 'is' : ''}`),
    );

    const created = dropManagedFields(await create('one'));
    store.observe(created);
    expect(names()).toContain('one');
    await create('two');
    await holds(names, 'one', 'two');
    expect([...store.values()].find(({ metadata }) => metadata.name === 'one')).toEqual({
      ...created,
      // The single object tells its kind, an event too.
      apiVersion: 'v1',
      kind: 'ConfigMap',
    });
    await remove('one');
    store.observeDeletion(created);
    expect(names()).not.toContain('one');
    await remove('two');
    await holds(names);
    expect(heard.filter((line) => !line.startsWith('kube-root'))).toEqual([
      'one  is',
      'two  is',
      'one was ',
      'two was ',
    ]);
  });

  test('sees metadata only, of what its selector matches, and what leaves the selection leaves the store', async () => {
    const { namespace } = await setUp();
    const secrets = resourcePath({ group: '', version: 'v1', plural: 'secrets', namespace });
    const secret = (name: string, labels: object): Promise<RawObject> =>
      client.request({
        method: 'POST',
        path: secrets,
        body: { metadata: { name, labels }, stringData: { token: 'x' } },
      });
    const query = { labelSelector: 'ours=true' };
    const empty = reflect({ path: secrets, metadataOnly: true, query });
    await empty.reflector.synced;
    await secret('before', { ours: 'true' });
    await secret('foreign', {});
    const { store, reflector, names } = reflect({ path: secrets, metadataOnly: true, query });
    await reflector.synced;
    await secret('after', { ours: 'true' });
    await Promise.all([holds(names, 'after', 'before'), holds(empty.names, 'after', 'before')]);
    for (const object of store.values()) {
      expect(object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { labels: { ours: 'true' } } });
      expect(object).not.toHaveProperty('data');
    }
    await client.request({
      method: 'PATCH',
      path: `${secrets}/before`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { ours: null } } },
    });
    await holds(names, 'after');
  });

  test('lists in pages what is too much for one, and watches from there', async () => {
    const { create, path } = await setUp();
    await Promise.all(Array.from({ length: 12 }, (_, index) => create(`c${index}`)));
    const pages: boolean[] = [];
    const small: KubernetesClient = {
      request: (request) => client.request(request),
      stream: (request) => {
        if (request.query?.['limit'] === undefined) return client.stream(request);
        pages.push(request.query['continue'] !== undefined);
        return client.stream({ ...request, query: { ...request.query, limit: '5' } });
      },
    };
    const { reflector, names } = reflect({ client: small, path: path() });
    await reflector.synced;
    expect(names().filter((name) => name !== 'kube-root-ca.crt')).toHaveLength(12);
    expect(pages).toEqual([false, true, true]);
    await create('last');
    await waitFor(() => names().includes('last'), { what: 'the watch to go on from there' });
  });

  test('takes in an object whose managed fields somebody has nested very deep', async () => {
    const { create, path } = await setUp();
    const depth = 1_000;
    const nested = `${'{"f:a":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    const fieldsV1 = JSON.parse(`{"f:metadata":{"f:annotations":${nested}}}`);
    const entry = { manager: 'somebody', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
    const metadata = { name: 'deep', annotations: { a: '1' }, managedFields: [entry] };
    const { metadata: created } = await create('deep', { metadata });
    expect(JSON.stringify(created['managedFields'])).toContain('{"f:a":'.repeat(depth));
    const { reflector, names } = reflect({ path: path() });
    await reflector.synced;
    expect(names()).toContain('deep');
  });

  test('goes on where it was, without a new list, when the connection of its watch is cut', async () => {
    const { create, path } = await setUp();
    const { client, forwarder } = await throughForwarder();
    const { reflector, counts, names } = reflect({ path: path(), client });
    await reflector.synced;
    await create('one');
    await holds(names, 'one');
    forwarder.cut();
    await create('two');
    await holds(names, 'one', 'two');
    expect(counts).toMatchObject({ listed: 1, watched: 2 });
  });

  test('misses nothing while the API server is killed and started again, be its version too old by then (410)', async () => {
    const { create, remove, path } = await setUp();
    const { client: cuttable, forwarder } = await throughForwarder();
    await create('kept');
    await create('deleted');
    const reached = reflect({ path: path() });
    const cutOff = reflect({ path: path(), client: cuttable });
    await Promise.all([reached.reflector.synced, cutOff.reflector.synced]);

    forwarder.block();
    await remove('deleted');
    await create('created');
    await controlPlane.stopAPIServer('SIGKILL');
    await controlPlane.startAPIServer();
    // A started API server can continue no watch from before its start that missed something.
    forwarder.restore();
    await waitFor(() => create('last'), { what: 'the API server to take writes again' });
    await Promise.all([
      holds(reached.names, 'created', 'kept', 'last'),
      holds(cutOff.names, 'created', 'kept', 'last'),
    ]);
    expect(cutOff.counts.listed).toBe(2);
    expect(cutOff.logged).toContainEqual(expect.stringContaining('too old resource version'));
  });

  test('waits for a CRD, and for permission, and says so once', async () => {
    const things = resourcePath({ group: 'test.example.com', version: 'v1', plural: 'things' });
    const { reflector, logged } = reflect({ path: things });
    const kubeconfig = await controlPlane.kubeconfigFor('somebody');
    const somebody = await connect(kubeconfig);
    cleanUp.unshift(somebody.close);
    const forbidden = reflect({ path: '/api/v1/secrets', client: somebody.client });
    await waitFor(() => logged.length > 0 && forbidden.logged.length > 0, { what: 'both to be told' });
    await controlPlane.apply([crd(), binding('somebody')]);
    await waitFor(() => logged.length + forbidden.logged.length > 3, { what: 'both to be told that it works' });
    await Promise.all([reflector.synced, forbidden.reflector.synced]);
    expect(logged).toEqual([expect.stringMatching(/404.*install its CustomResourceDefinition/), 'list works again']);
    expect(forbidden.logged).toEqual([expect.stringMatching(/forbidden.*RBAC/), 'list works again']);
  });

  test('that is stopped leaves the store alone', async () => {
    const { create, path } = await setUp();
    const { store, reflector, names } = reflect({ path: path() });
    const other = reflect({ path: path() });
    await Promise.all([reflector.synced, other.reflector.synced]);
    let heard = 0;
    const writes = Promise.all(Array.from({ length: 50 }, (_, i) => create(`c${i}`)));
    await waitFor(() => names().includes('c1'), { what: 'the burst to begin' });
    await reflector.stop();
    store.onChange(() => heard++);
    await writes;
    await waitFor(() => other.store.size >= 50, { what: 'the other reflector to see it all' });
    expect(heard).toBe(0);
  });
});

function crd(): object {
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.test.example.com' },
    spec: {
      group: 'test.example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

function binding(name: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  };
}
