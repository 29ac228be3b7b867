import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { KubernetesError } from '../../src/kubernetes/client.ts';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { TokenString } from '../../src/influxdb/token-string.ts';
import { lostSwap } from '../../src/reconcilers/kubernetes-errors.ts';
import { digest } from '../../src/tokens/ledger.ts';
import { secretContent, secretManifest, swapPatch, type LiveSecret } from '../../src/tokens/secret.ts';
import { aLedger, given, id } from '../builders.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { sharedControlPlane, testNamespace } from '../controlplane/shared.ts';
import { base64 } from '../secrets.ts';
import { connect } from './test-client.ts';

jest.setTimeout(60_000);

const STRING = 'apiv1_the-string-in-the-secret';
const LOST = { status: 422, lost: true, quotes: [] };

let controlPlane: ControlPlaneClient;
let namespace: string;

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  namespace = await testNamespace(controlPlane, 'swap');
  await controlPlane.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one', namespace }, immutable: true });
});

async function request<T>(method: 'GET' | 'POST' | 'PATCH', plural: string, name?: string, body?: object): Promise<T> {
  const { client, close } = await connect(controlPlane.adminKubeconfig);
  const path = resourcePath({ group: '', version: 'v1', plural, namespace, ...(name === undefined ? {} : { name }) });
  const contentType = method === 'PATCH' ? { contentType: 'application/json-patch+json' } : {};
  try {
    return await client.request<T>({ method, path, ...contentType, ...(body === undefined ? {} : { body }) });
  } finally {
    await close();
  }
}

/** What came of a patch: that it went through, or how it was refused. */
async function outcome(name: string, patch: readonly object[]): Promise<unknown> {
  try {
    await request('PATCH', 'secrets', name, patch);
    return 'it went through';
  } catch (error) {
    if (!(error instanceof KubernetesError)) return error;
    const words = JSON.stringify([error.message, error.details]);
    const quotes = [STRING, base64(STRING)].filter((form) => words.includes(form));
    return { status: error.status, lost: lostSwap(error), quotes };
  }
}

test.each([
  ['a test that does not fit', [{ op: 'test', path: '/metadata/uid', value: 'another' }]],
  ['a test of what is not there', [{ op: 'test', path: '/metadata/annotations/none', value: 'any' }]],
  ['a removal of what is not there', [{ op: 'remove', path: '/data/none' }]],
])('a compare-and-swap is lost by %s', async (_, patch) => {
  expect(await outcome('one', patch)).toEqual(LOST);
});

test('a change that the API server refuses for what it says is no lost compare-and-swap', async () => {
  const patch = [{ op: 'add', path: '/data', value: { token: 'eA==' } }];
  expect(await outcome('one', patch)).toEqual({ ...LOST, lost: false });
});

describe('a rewrite that keeps the token', () => {
  const ledger = aLedger({ digest: digest(id(1), new TokenString(STRING)) });
  const secret = { keys: { url: 'URL', expiresAt: 'END' }, labels: { team: 'a' } };
  const { object, wanted } = given().spec({ secret, deletionPolicy: 'Retain' }).build();
  const content = secretContent(object, object.spec, wanted!, 'https://data.example.com');

  test.each([
    ['succeeds', 'nobody changed anything', [], 'it went through'],
    [
      'succeeds',
      'a stranger added a label of its own',
      [{ op: 'add', path: '/metadata/labels/mine', value: 'm' }],
      'it went through',
    ],
    ['is lost', 'somebody edited the string', [{ op: 'add', path: '/data/token', value: base64('mine') }], LOST],
    ['is lost', 'somebody changed a label of ours', [{ op: 'add', path: '/metadata/labels/team', value: 'b' }], LOST],
    ['is lost', 'somebody took the owner off', [{ op: 'add', path: '/metadata/ownerReferences', value: [] }], LOST],
  ])('%s where %s after it was looked at', async (_, title, meanwhile, expected) => {
    const name = title.replaceAll(/\W+/g, '-').toLowerCase();
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    const { metadata } = await request<{ metadata: { uid: string } }>('POST', 'configmaps', undefined, owner);
    const manifest = secretManifest(content, ledger, new TokenString(STRING));
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid }];
    await request('POST', 'secrets', undefined, {
      ...manifest,
      metadata: { ...manifest.metadata, name, namespace, ownerReferences },
    });
    const live = await request<LiveSecret>('GET', 'secrets', name);
    await request('PATCH', 'secrets', name, meanwhile);
    const patch = swapPatch(live, ledger, content, { ...ledger, fence: 2 }, new TokenString(STRING));
    expect(await outcome(name, patch)).toEqual(expected);
  });
});
