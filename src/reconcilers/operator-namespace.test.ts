import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryKubernetes } from '../../test/reconcilers/memory-kubernetes.ts';
import { id, NOW } from '../../test/builders.ts';
import {
  cluster,
  databaseToken,
  managedSecret,
  MemoryWorld,
  OPERATOR_NAMESPACE,
  own,
  withMetadata,
  withToken,
} from '../../test/reconcilers/memory-world.ts';
import { KubernetesError } from '../kubernetes/client.ts';
import { rfc3339 } from '../resources/conditions.ts';
import type { TokenObject } from '../resources/token-object.ts';
import { CredentialsMissing, OperatorNamespace } from './operator-namespace.ts';

const { signal } = new AbortController();

let memory: MemoryWorld;
let kubernetes: MemoryKubernetes;
let namespace: OperatorNamespace;

beforeEach(() => {
  memory = new MemoryWorld();
  kubernetes = new MemoryKubernetes(() => memory.nextVersion());
  namespace = new OperatorNamespace(kubernetes, memory.world, OPERATOR_NAMESPACE);
});

function secret(data: Record<string, string>): void {
  const { metadata } = memory.put(memory.ownSecrets, own('influxdb-admin'));
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  kubernetes.objects.set(`/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets/influxdb-admin`, {
    metadata,
    data: Object.fromEntries(encoded),
  });
}

async function credential(): Promise<string> {
  return (await namespace.credential(cluster().spec, signal)).reveal();
}

describe('a credential', () => {
  test('is read without the white space that editors and echo leave around it', async () => {
    secret({ token: ' \tapiv1_abc\r\n\n' });
    expect(await credential()).toBe('apiv1_abc');
  });

  test.each([
    ['no Secret', undefined, /There is no Secret influxdb-admin in namespace influxtokens-system/],
    ['another key', { password: 'x' }, /has no key token/],
    ['an empty value', { token: '' }, /is empty under the key token/],
    ['white space alone', { token: ' \n' }, /is empty under the key token/],
    [
      'a JSON document',
      { token: '{"access_token":"5ec8e7"}\n' },
      /^Secret influxdb-admin .* holds a JSON document under the key token, .*; put the value of its field access_token there, alone and without quotes\.$/,
    ],
  ])('with %s is missing, and the message says where to put it', async (_, data, message) => {
    if (data !== undefined) secret(data);
    const error: unknown = await credential().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CredentialsMissing);
    expect(error).toMatchObject({
      verdict: { reason: 'CredentialsMissing', message: expect.stringMatching(message) },
    });
  });

  test('is read once as long as the watch shows no change, and again when it was replaced', async () => {
    secret({ token: 'first' });
    expect([await credential(), await credential()]).toEqual(['first', 'first']);
    expect(kubernetes.requests).toHaveLength(1);
    secret({ token: 'second' });
    expect(await credential()).toBe('second');
    expect(kubernetes.requests).toHaveLength(2);
  });

  test('of a Secret that went is missing, and not remembered', async () => {
    secret({ token: 'first' });
    await credential();
    const stored = memory.ownSecrets.get(`${OPERATOR_NAMESPACE}/influxdb-admin`);
    if (stored === undefined) throw new Error('there is no Secret');
    memory.remove(memory.ownSecrets, stored);
    await expect(credential()).rejects.toThrow(CredentialsMissing);
  });

  test('that the watch still shows and the API server no longer has is missing', async () => {
    memory.put(memory.ownSecrets, own('influxdb-admin'));
    await expect(credential()).rejects.toThrow(CredentialsMissing);
  });

  test('that could not be read is not missing: the failure is the caller’s to try again', async () => {
    secret({ token: 'first' });
    kubernetes.interfere = () => {
      throw new KubernetesError('Timeout', 'unknown', 'no answer in time');
    };
    await expect(credential()).rejects.toThrow('no answer in time');
  });
});

describe('the renewal of a credential', () => {
  const named = managedSecret('influxdb-admin', id(1), 'rotated-uid');
  const token = withToken(databaseToken('rotated'), id(1));
  const object: TokenObject = {
    ...token,
    kind: 'ManagementToken',
    metadata: { ...token.metadata, namespace: OPERATOR_NAMESPACE },
    spec: {},
    status: { ...token.status, nextRotation: rfc3339(NOW) },
  };
  const renewal = () => namespace.renewal(cluster().spec);

  beforeEach(() => {
    memory.put(memory.secrets, withMetadata(named, { namespace: OPERATOR_NAMESPACE }));
  });

  test('is that of the ManagementToken whose Secret it is', () => {
    memory.put(memory.managementTokens, object);
    expect(renewal()).toEqual({ at: NOW, by: `${OPERATOR_NAMESPACE}/rotated` });
  });

  test.each<[string, TokenObject | undefined]>([
    ['that is gone', undefined],
    ['that is going', withMetadata(object, { deletionTimestamp: rfc3339(NOW) })],
    ['that is suspended', { ...object, spec: { suspend: true } }],
    ['whose token has no end', { ...object, status: { ...token.status } }],
    ['that is a DatabaseToken', withMetadata({ ...token, status: object.status ?? {} }, object.metadata)],
    ['that issued another token', { ...object, status: { ...object.status, ...withToken(token, id(2)).status } }],
  ])('is none of a ManagementToken %s', (_, put) => {
    if (put !== undefined) memory.put(memory.managementTokens, put);
    expect(renewal()).toBeUndefined();
  });

  test('is none of a Secret that was made by hand', () => {
    memory.put(memory.managementTokens, object);
    const { spec } = cluster({ credentials: { secretRef: { name: 'by-hand', key: 'token' } } });
    expect(namespace.renewal(spec)).toBeUndefined();
  });
});

describe('a CA bundle', () => {
  const withReference = cluster({ tls: { caBundleRef: { name: 'ca', key: 'ca.crt' } } }).spec;

  test('stands in the spec, or there is none', async () => {
    const caBundle = Buffer.from('PEM').toString('base64');
    expect(await namespace.caBundle(cluster({ tls: { caBundle } }).spec, signal)).toBe('PEM');
    expect(await namespace.caBundle(cluster().spec, signal)).toBeUndefined();
    expect(kubernetes.requests).toEqual([]);
  });

  test('or in a ConfigMap; without it, or its key, the message says what to create', async () => {
    const { metadata } = memory.put(memory.ownConfigMaps, own('ca'));
    const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/ca`;
    kubernetes.objects.set(path, { metadata, data: { 'ca.crt': 'PEM' } });
    expect(await namespace.caBundle(withReference, signal)).toBe('PEM');
    kubernetes.objects.set(path, { metadata: memory.put(memory.ownConfigMaps, own('ca')).metadata });
    await expect(namespace.caBundle(withReference, signal)).rejects.toThrow(/no key ca\.crt in a ConfigMap ca/);
  });
});
