// Arbitrary specs for property tests: every field present or not, right most of the time and wrong now and then.

import * as fc from 'fast-check';
import { API_VERSION } from '../../src/resources/group.ts';
import type { Manifest } from './manifests.ts';

/** One of the right values, and now and then one of the wrong ones. */
function mostly(right: readonly unknown[], wrong: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );
}

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });
const duration = mostly(
  ['720h', '1h30m', '90s', '250ms', '1m1h'],
  ['30d', '', '1', '99999h99999h99999h99999h99999h', 'h', '0s'],
);
const name = mostly(['a', 'production', 'a-b.c', 'x'.repeat(253)], ['', 'A', '-a', 'a_b', 'a..b', 'x'.repeat(254)]);
const key = mostly(['token', 'a.b-c_D', '.a', 'A', 'B', 'C', 'D', 'E', 'F', 'G'], ['', '..', '.', 'a/b', 'a b']);
const labels = fc.dictionary(
  fc.constantFrom('team', 'example.com/team', 'a.b-c_D', 'argoproj.iox/a'),
  mostly(['', 'a', 'a.b'], ['-', 'ä', 'x'.repeat(64)]).map(String),
  { maxKeys: 3 },
);
const words = fc.oneof(
  mostly(
    ['Telegraf', 'Größe 📈', '📈'.repeat(64)],
    ['', 'a\nb', '\u2028', '\u0085', '📈'.repeat(129), 'x [influxtokens y'],
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);

const common = {
  clusterRef: optional(fc.record({ name })),
  description: optional(words),
  expiresAt: optional(
    mostly(['2035-01-01T00:00:00Z', '2035-01-01T00:00:00.5+02:00'], ['2035', '2035-13-01T00:00:00Z']),
  ),
  rotation: optional(fc.record({ renewBefore: optional(duration), overlap: optional(duration) })),
  lifetime: optional(duration),
  secret: optional(
    fc.record({
      name: optional(name),
      keys: optional(
        fc.record({ token: optional(key), url: optional(key), tokenID: optional(key), expiresAt: optional(key) }),
      ),
      labels: optional(labels),
      annotations: optional(labels),
    }),
  ),
  deletionPolicy: optional(mostly(['Revoke', 'Retain'], ['Orphan', true])),
  suspend: optional(mostly([true, false], ['true', 1])),
};

const action = mostly(['read', 'write'], ['admin']);
const database = fc.oneof(mostly(['sensors', 'team-a/raw', '*'], ['', 'a*', '*a', 'x'.repeat(65)]), words);
const permissions = fc.array(fc.record({ action, resource: database }), { minLength: 1, maxLength: 3 });

const url = mostly(
  ['https://a', 'https://a.example.com:8443/b', 'http://a', 'https://[::1]'],
  ['https://a?b', 'a', 'https://a@b', 'https://a:0', 'https://a/api/v0'],
);
const namespaces = fc.record({
  names: optional(fc.array(mostly(['a', 'b', 'c', 'team-a'], ['A', '*', '']), { minLength: 1, maxLength: 2 })),
  selector: optional(fc.record({ matchLabels: optional(labels) })),
});
const accessRule = fc.record({
  name: mostly(['a', 'b', 'c'], ['A b']),
  namespaces,
  databases: optional(fc.array(database, { minLength: 1, maxLength: 2 })),
  actions: optional(fc.array(action, { minLength: 1, maxLength: 2 })),
  managementTokens: optional(mostly(['Allow', 'Deny'], ['allow'])),
  maxLifetime: optional(duration),
  maxTokens: optional(mostly([1, 100_000], [0, 100_001, '1', 1.5])),
});

const specs: Readonly<Record<Manifest['kind'], fc.Arbitrary<object>>> = {
  DatabaseToken: fc.record({ ...common, permissions }),
  ManagementToken: fc.record(common),
  InfluxDBCluster: fc.record({
    product: mostly(['Clustered', 'CloudDedicated'], ['Core']),
    url,
    dataURL: optional(url),
    accountID: optional(mostly(['a-1'], ['a/b', ''])),
    clusterID: optional(mostly(['a-1'], ['a b'])),
    credentials: fc.record({ secretRef: fc.record({ name, key }) }),
    allowPlaintext: optional(fc.boolean()),
    suspend: optional(fc.boolean()),
    access: optional(fc.array(accessRule, { maxLength: 2 })),
  }),
};

/** A manifest of any kind that may or may not be valid. Fields that would be `undefined` are absent, as in a file. */
export const anyManifest: fc.Arbitrary<Manifest> = fc
  .constantFrom<Manifest['kind'][]>('DatabaseToken', 'ManagementToken', 'InfluxDBCluster')
  .chain((kind) =>
    specs[kind].map((spec) => ({
      apiVersion: API_VERSION,
      kind,
      metadata: { name: 'example' },
      spec: JSON.parse(JSON.stringify(spec)),
    })),
  );
