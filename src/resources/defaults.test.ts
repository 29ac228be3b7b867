import { describe, expect, test } from '@jest/globals';
import type { DatabaseToken, DatabaseTokenSpec } from './database-token.ts';
import * as defaults from './defaults.ts';

const HOUR = 3_600_000;

function token(spec: Partial<DatabaseTokenSpec> = {}, name = 'telegraf'): DatabaseToken {
  return {
    apiVersion: 'influxtokens.dev/v1alpha1',
    kind: 'DatabaseToken',
    metadata: {
      name,
      namespace: 'metrics',
      uid: 'uid',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2030-01-01T00:00:00Z',
    },
    spec: { permissions: [{ action: 'read', resource: 'sensors' }], ...spec },
  };
}

describe('a token that says nothing', () => {
  const object = token();

  test('is issued on the cluster "default"', () => {
    expect(defaults.clusterName(object.spec)).toBe('default');
  });

  test('is written to a Secret of its own name, under the key "token"', () => {
    expect(defaults.secretName(object)).toBe('telegraf');
    expect(defaults.secretKeys(object.spec)).toEqual({ token: 'token' });
  });

  test('is called after its namespace and name', () => {
    expect(defaults.description(object)).toBe('metrics/telegraf');
  });

  test('has neither a lifetime nor a renewal, and leaves the overlap open', () => {
    expect(defaults.lifetime(object.spec)).toBeUndefined();
    expect(defaults.renewBefore(object.spec)).toBeUndefined();
    expect(defaults.overlap(object.spec)).toBeUndefined();
  });

  test('is revoked with its object', () => {
    expect(defaults.deletionPolicy(object.spec)).toBe('Revoke');
  });
});

describe('a token gets what it asks for', () => {
  test('its cluster, Secret and keys', () => {
    const object = token({ clusterRef: { name: 'production' }, secret: { name: 'other', keys: { url: 'HOST' } } });
    expect(defaults.clusterName(object.spec)).toBe('production');
    expect(defaults.secretName(object)).toBe('other');
    expect(defaults.secretKeys(object.spec)).toEqual({ token: 'token', url: 'HOST' });
    expect(defaults.secretKeys(token({ secret: { keys: { token: 'T' } } }).spec)).toEqual({ token: 'T' });
  });

  test('its description, while one made of a long name is cut', () => {
    expect(defaults.description(token({ description: 'Telegraf' }))).toBe('Telegraf');
    expect(defaults.description(token({}, 'x'.repeat(253)))).toBe(`metrics/${'x'.repeat(120)}`);
  });

  test('its renewal, or one when a third of its lifetime is left', () => {
    expect(defaults.lifetime(token({ lifetime: '720h' }).spec)).toBe(720 * HOUR);
    expect(defaults.renewBefore(token({ lifetime: '720h' }).spec)).toBe(240 * HOUR);
    expect(defaults.renewBefore(token({ lifetime: '720h', rotation: { renewBefore: '1h' } }).spec)).toBe(HOUR);
    expect(defaults.overlap(token({ rotation: { overlap: '0s' } }).spec)).toBe(0);
  });
});

test('"*" is not the name of a database', () => {
  const permissions = ['b', '*', 'a', 'b'].map((resource) => ({ resource }));
  expect(defaults.namedDatabases(permissions)).toEqual(['a', 'b']);
  expect(defaults.namedDatabases([{ resource: '*' }])).toEqual([]);
  expect(defaults.namedDatabases()).toEqual([]);
});

test('a cluster keeps its data where its Management API is, unless it says otherwise', () => {
  const spec = {
    product: 'Clustered',
    url: 'https://a',
    credentials: { secretRef: { name: 'admin', key: 'token' } },
  } as const;
  expect(defaults.dataURL(spec)).toBe('https://a');
  expect(defaults.dataURL({ ...spec, dataURL: 'https://b' })).toBe('https://b');
});

test('an access rule grants each namespace 100 tokens, unless it says otherwise', () => {
  const rule = { name: 'team-a', namespaces: { names: ['metrics'] } };
  expect(defaults.maxTokens(rule)).toBe(100);
  expect(defaults.maxTokens({ ...rule, maxTokens: 3 })).toBe(3);
});
