import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { aLedger, given, id } from '../../test/builders.ts';
import { applyPatch } from '../../test/json-patch.ts';
import { base64 } from '../../test/secrets.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { secretKeys } from '../resources/defaults.ts';
import { digest, readLedger, type Ledger } from './ledger.ts';
import { FIELD_MANAGER, inspect, secretContent, swapPatch, type LiveSecret, type SecretContent } from './secret.ts';

/** Keys that people and JavaScript find odd are keys like any other. */
const key = fc.oneof(
  fc.constantFrom('token', 'TOKEN', 'url', 'constructor', '__proto__', 'toString', '.hidden', 'a~b'),
  fc.stringMatching(/^[-._a-zA-Z0-9]{1,12}$/),
);
const labels = fc.dictionary(
  fc.constantFrom('team', 'example.com/team', 'constructor', 'a~1/b'),
  fc.constantFrom('', 'a', 'b'),
);
const keys = fc
  .uniqueArray(key, { minLength: 5, maxLength: 5 })
  .map(([token = '', url = '', database = '', tokenID = '', expiresAt = '']) => ({
    token,
    url,
    database,
    tokenID,
    expiresAt,
  }));
const spec = fc.record({
  secret: fc.record({ keys, labels, annotations: labels }),
  deletionPolicy: fc.constantFrom('Revoke' as const, 'Retain' as const),
});
const generation = fc.record({ spec, string: fc.stringMatching(/^[a-f0-9]{64}$/) });

type Generation = typeof generation extends fc.Arbitrary<infer T> ? T : never;

function contentOf({ spec }: Generation): SecretContent {
  const { object, wanted } = given().spec(spec).build();
  return secretContent(object, object.spec, wanted!, 'https://data.example.com');
}

function ledgerOf({ string }: Generation, number: number): Ledger {
  return aLedger({ tokenID: id(number), fence: number, digest: digest(id(number), new TokenString(string)) });
}

/** Swaps, and lets the API server note which fields are ours. */
function swap(live: LiveSecret, base: Ledger | undefined, next: Generation, number: number): LiveSecret {
  const content = contentOf(next);
  const patch = swapPatch(live, base, content, ledgerOf(next, number), new TokenString(next.string));
  const swapped = applyPatch(live, patch);
  expect(swapped).toBeDefined();
  const fields = (all: object, before: object): object =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        Object.entries(before).some((one) => one[0] === name && one[1] === value) ? [] : [[`f:${name}`, {}]],
      ),
    );
  const { metadata, data = {} } = swapped!;
  const ours = {
    manager: FIELD_MANAGER,
    fieldsV1: {
      'f:data': fields(data, live.data ?? {}),
      'f:metadata': {
        'f:labels': fields(metadata.labels ?? {}, live.metadata.labels ?? {}),
        'f:annotations': fields(metadata.annotations ?? {}, live.metadata.annotations ?? {}),
      },
    },
  };
  return { ...swapped!, metadata: { ...metadata, managedFields: [...(metadata.managedFields ?? []), ours] } };
}

test('after any change of spec and token the Secret holds what is wanted, no string of old, and all that strangers wrote', () => {
  const foreign = fc.record({
    data: fc.dictionary(
      key.map((name) => `foreign-${name}`),
      fc.string().map(base64),
    ),
    labels: fc.dictionary(fc.constantFrom('foreign', 'foreign/x~y'), fc.string()),
  });
  fc.assert(
    fc.property(fc.array(generation, { minLength: 2, maxLength: 4 }), foreign, (generations, stranger) => {
      let live: LiveSecret = {
        metadata: {
          name: 'telegraf',
          namespace: 'metrics',
          uid: 'secret',
          resourceVersion: '1',
          labels: stranger.labels,
        },
        data: stranger.data,
      };
      let base: Ledger | undefined;
      for (const [at, next] of generations.entries()) {
        live = swap(live, base, next, at + 1);
        base = readLedger(live.metadata.annotations ?? {});
        expect(base).toEqual({ ...ledgerOf(next, at + 1), layout: contentOf(next).layout });
        expect(inspect(live, contentOf(next))).toMatchObject({ intact: true, asWanted: true });
        const { token } = secretKeys(contentOf(next).spec);
        expect(
          Object.entries(live.data ?? {})
            .filter(([name]) => !Object.hasOwn(stranger.data, name))
            .map(([name]) => name)
            .toSorted(),
        ).toEqual(Object.values(next.spec.secret.keys).toSorted());
        expect(Object.entries(live.data ?? {}).find(([name]) => name === token)?.[1]).toBe(base64(next.string));
        for (const former of generations.slice(0, at)) {
          expect(former.string === next.string || !JSON.stringify(live.data).includes(base64(former.string))).toBe(
            true,
          );
        }
        expect(live.data).toMatchObject(stranger.data);
        expect(live.metadata.labels).toMatchObject(stranger.labels);
      }
    }),
  );
});

test('a copy of the string that a stranger made does not stay behind when the string is replaced', () => {
  fc.assert(
    fc.property(generation, generation, key, (former, next, name) => {
      fc.pre(former.string !== next.string);
      const first = swap(
        { metadata: { name: 'telegraf', namespace: 'metrics', uid: 'secret', resourceVersion: '1' } },
        undefined,
        former,
        1,
      );
      const copied = {
        ...first,
        data: Object.fromEntries([...Object.entries(first.data ?? {}), [name, base64(former.string)]]),
      };
      const base = readLedger(copied.metadata.annotations ?? {});
      expect(JSON.stringify(swap(copied, base, next, 2).data)).not.toContain(base64(former.string));
    }),
  );
});
