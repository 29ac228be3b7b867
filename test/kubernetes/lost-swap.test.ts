import { beforeAll, expect, jest, test } from '@jest/globals';
import { KubernetesError } from '../../src/kubernetes/client.ts';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { lostSwap } from '../../src/reconcilers/kubernetes-errors.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { sharedControlPlane, testNamespace } from '../controlplane/shared.ts';
import { connect } from './test-client.ts';

jest.setTimeout(60_000);

let controlPlane: ControlPlaneClient;
let namespace: string;

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  namespace = await testNamespace(controlPlane, 'swap');
  await controlPlane.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one', namespace }, immutable: true });
});

async function refusal(patch: readonly object[]): Promise<unknown> {
  const { client, close } = await connect(controlPlane.adminKubeconfig);
  const path = resourcePath({ group: '', version: 'v1', plural: 'secrets', namespace, name: 'one' });
  try {
    await client.request({ method: 'PATCH', path, contentType: 'application/json-patch+json', body: patch });
    return 'it went through';
  } catch (error) {
    return error instanceof KubernetesError ? { status: error.status, lost: lostSwap(error) } : error;
  } finally {
    await close();
  }
}

test.each([
  ['a test that does not fit', [{ op: 'test', path: '/metadata/uid', value: 'another' }]],
  ['a test of what is not there', [{ op: 'test', path: '/metadata/annotations/none', value: 'any' }]],
  ['a removal of what is not there', [{ op: 'remove', path: '/data/none' }]],
])('a compare-and-swap is lost by %s', async (_, patch) => {
  expect(await refusal(patch)).toEqual({ status: 422, lost: true });
});

test('a change that the API server refuses for what it says is no lost compare-and-swap', async () => {
  const patch = [{ op: 'add', path: '/data', value: { token: 'eA==' } }];
  expect(await refusal(patch)).toEqual({ status: 422, lost: false });
});
