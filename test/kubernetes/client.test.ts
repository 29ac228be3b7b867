// The client and its connections against a real API server.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { MOST_CONNECTIONS } from '../../src/kubernetes/agents.ts';
import { createClient, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { loadConnection, type Connection } from '../../src/kubernetes/connection.ts';
import type { Places } from '../../src/kubernetes/kubeconfig.ts';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { sharedControlPlane, testNamespace } from '../controlplane/shared.ts';
import { Forwarder } from './forwarder.ts';
import { kubeconfigWith } from './kubeconfig-with.ts';
import { startProxy } from './proxy.ts';

let controlPlane: ControlPlaneClient;
let namespace: string;
let folder: string;
let client: KubernetesClient;
let connection: Connection;
const open: Connection[] = [];

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  namespace = await testNamespace(controlPlane, 'client');
  folder = await mkdtemp(join(tmpdir(), 'client-'));
  connection = await loadConnection({ kubeconfig: controlPlane.adminKubeconfig });
  client = createClient({ connection, userAgent: 'influxdb-token-operator/test' });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await connection.close();
  await rm(folder, { recursive: true });
});

async function connect(places: Places): Promise<KubernetesClient> {
  const one = await loadConnection(places);
  open.push(one);
  return createClient({ connection: one, userAgent: 'influxdb-token-operator/test' });
}

function configMap(name?: string): string {
  return resourcePath({
    group: '',
    version: 'v1',
    plural: 'configmaps',
    namespace,
    ...(name === undefined ? {} : { name }),
  });
}

function create(name: string, more: object = {}): Promise<{ metadata: { uid: string; resourceVersion: string } }> {
  return client.request({ method: 'POST', path: configMap(), body: { metadata: { name }, ...more } });
}

async function whoAmI(as: KubernetesClient): Promise<string> {
  const path = resourcePath({ group: 'authentication.k8s.io', version: 'v1', plural: 'selfsubjectreviews' });
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const review = await as.request<{ status: { userInfo: { username: string } } }>({ method: 'POST', path, body });
  return review.status.userInfo.username;
}

describe('what the API server says no to', () => {
  test('is a refusal with its reason: not found, exists already, conflict, invalid', async () => {
    const { metadata } = await create('one');
    await expect(client.request({ method: 'GET', path: configMap('none') })).rejects.toMatchObject({
      status: 404,
      reason: 'NotFound',
      outcome: 'refused',
      message: `configmaps "none" not found (GET ${configMap('none')})`,
    });
    await expect(create('one')).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists', outcome: 'refused' });
    const stale = { metadata: { ...metadata, name: 'one', resourceVersion: '1' } };
    await expect(client.request({ method: 'PUT', path: configMap('one'), body: stale })).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
      outcome: 'refused',
    });
    await expect(create('Not_A_Name')).rejects.toMatchObject({
      status: 422,
      reason: 'Invalid',
      outcome: 'refused',
      details: [expect.objectContaining({ field: 'metadata.name' })],
    });
  });

  test('is a refusal when RBAC forbids it', async () => {
    const nobody = await connect({ kubeconfig: await controlPlane.kubeconfigFor('nobody') });
    await expect(nobody.request({ method: 'GET', path: configMap() })).rejects.toMatchObject({
      status: 403,
      reason: 'Forbidden',
      outcome: 'refused',
    });
  });

  test('is a refusal of the whole patch when a test in it fails', async () => {
    await create('patched', { data: { a: '1' } });
    const contentType = 'application/json-patch+json';
    const body = [
      { op: 'test', path: '/data/a', value: '2' },
      { op: 'replace', path: '/data/a', value: '3' },
    ];
    await expect(
      client.request({ method: 'PATCH', path: configMap('patched'), contentType, body }),
    ).rejects.toMatchObject({ status: 422, reason: 'Invalid', outcome: 'refused' });
  });

  test('is not taken for its word when it is about an API that it does not know', async () => {
    const path = resourcePath({ group: 'no.such.group', version: 'v1', plural: 'things' });
    await expect(client.request({ method: 'GET', path })).rejects.toMatchObject({ status: 404, reason: 'Unreadable' });
  });
});

describe('connections', () => {
  test('are used again: hardly one for requests in a row, never more than the limit for many at once', async () => {
    const forwarder = await Forwarder.start(controlPlane.server);
    try {
      const through = await connect({ kubeconfig: await kubeconfigWith(controlPlane, { server: forwarder.url }) });
      const get = (): Promise<unknown> => through.request({ method: 'GET', path: configMap() });
      for (let i = 0; i < 100; i++) await get();
      expect(forwarder.accepted).toBeLessThan(4);
      await Promise.all(Array.from({ length: 300 }, get));
      expect(forwarder.accepted).toBeLessThanOrEqual(MOST_CONNECTIONS);
    } finally {
      forwarder.close();
    }
  });

  test('go through the proxy that the kubeconfig names, those of watches too', async () => {
    const proxy = await startProxy();
    try {
      const through = await connect({ kubeconfig: await kubeconfigWith(controlPlane, { 'proxy-url': proxy.url }) });
      await through.request({ method: 'GET', path: configMap() });
      const query = { watch: 'true', timeoutSeconds: '1' };
      for await (const _ of await through.stream({ method: 'GET', path: configMap(), query })) break;
      const { host } = new URL(controlPlane.server);
      expect(proxy.asked).toEqual([host, host]);
    } finally {
      proxy.close();
    }
  });
});

describe('credentials', () => {
  test('are those of the client certificate', async () => {
    const someone = await connect({ kubeconfig: await controlPlane.kubeconfigFor('someone') });
    await expect(whoAmI(someone)).resolves.toBe('someone');
  });

  test("are those of the pod's token, which is read again at once when the API server rejects it", async () => {
    // client-node reads these itself; jest gives each test file an environment of its own.
    const environment = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: new URL(controlPlane.server).port,
    };
    Object.assign(process.env, environment);
    const files = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(files, { recursive: true });
    await writeFile(join(files, 'ca.crt'), controlPlane.certificateAuthority);
    await writeFile(join(files, 'token'), 'expired');

    const pod = await connect({ root: folder, home: folder, environment });
    await expect(whoAmI(pod)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized', outcome: 'refused' });
    await controlPlane.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'pod', namespace } });
    const kubeconfig = await controlPlane.kubeconfigForServiceAccount(namespace, 'pod');
    const { token } = JSON.parse(await readFile(kubeconfig, 'utf8')).users[0].user;
    await writeFile(join(files, 'token'), token);
    await expect(whoAmI(pod)).resolves.toBe(`system:serviceaccount:${namespace}:pod`);
  });
});
