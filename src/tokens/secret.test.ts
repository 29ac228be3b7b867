import { describe, expect, test } from '@jest/globals';

import { aLedger, given, HOUR, id, NOW, nonce, OBJECT_UID } from '../../test/builders.ts';
import { applyPatch } from '../../test/json-patch.ts';
import { TokenString } from '../influxdb/token-string.ts';
import type { DatabaseTokenSpec } from '../resources/database-token.ts';
import { digest, LEDGER, readLedger, writeLedger, type Ledger } from './ledger.ts';
import {
  disownPatch,
  FIELD_MANAGER,
  inspect,
  secretContent,
  secretManifest,
  secretRecord,
  swapPatch,
  type LiveSecret,
  type SecretContent,
} from './secret.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const contentOf = (spec: Partial<DatabaseTokenSpec> = {}): SecretContent => {
  const { object, wanted } = given().spec(spec).build();
  return secretContent(object, object.spec, wanted!, 'https://data.example.com');
};
const ledgerOf = (number: number, string: TokenString, change: Partial<Ledger> = {}): Ledger =>
  aLedger({
    tokenID: id(number),
    attempt: nonce(number),
    fence: number,
    digest: digest(id(number), string),
    ...change,
  });
const old = new TokenString('apiv1_old');
const fresh = new TokenString('apiv1_new');

/** A Secret as the API server hands it out after we created it, with what strangers added. */
function issued(content: SecretContent, ledger: Ledger, stranger: { data?: Record<string, string> } = {}): LiveSecret {
  const { metadata, data } = secretManifest(content, ledger, old);
  const fields = (keys: object): object => Object.fromEntries(Object.keys(keys).map((key) => [`f:${key}`, {}]));
  return {
    metadata: {
      ...metadata,
      uid: 'secret',
      resourceVersion: '1',
      managedFields: [
        {
          manager: FIELD_MANAGER,
          fieldsV1: {
            'f:data': fields(data),
            'f:metadata': {
              'f:labels': fields(metadata.labels ?? {}),
              'f:annotations': fields(metadata.annotations ?? {}),
            },
          },
        },
      ],
    },
    data: { ...data, ...stranger.data },
  };
}

describe('a new Secret', () => {
  test('is Opaque, ours by label and owner, and holds the string under "token"', () => {
    const ledger = ledgerOf(1, old);
    expect(secretManifest(contentOf(), ledger, old)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: 'telegraf',
        namespace: 'metrics',
        labels: { 'influxtokens.dev/managed': 'true' },
        annotations: writeLedger(ledger),
        ownerReferences: [
          {
            apiVersion: 'influxtokens.dev/v1alpha1',
            kind: 'DatabaseToken',
            name: 'telegraf',
            uid: OBJECT_UID,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      data: { token: base64('apiv1_old') },
    });
  });

  test('holds what was asked for under the keys that were asked for', () => {
    const keys = { token: 'T', url: 'U', database: 'D', tokenID: 'I', expiresAt: 'E' };
    const permissions = ['b', '*', 'a'].map((resource) => ({ action: 'read' as const, resource }));
    const content = contentOf({
      permissions,
      secret: { name: 'other', keys, labels: { team: 'a' }, annotations: { note: 'x' } },
    });
    const manifest = secretManifest(content, ledgerOf(1, old, { expiresAt: NOW + HOUR }), old);
    expect(manifest).toMatchObject({
      metadata: { name: 'other', labels: { team: 'a' }, annotations: { note: 'x' } },
      data: {
        T: base64('apiv1_old'),
        U: base64('https://data.example.com'),
        D: base64('a'),
        I: base64(id(1)),
        E: base64('2030-01-01T01:00:00Z'),
      },
    });
  });

  test('of a token that does not expire holds an empty end, so that the key is there to mount', () => {
    const content = contentOf({ secret: { keys: { expiresAt: 'E' } } });
    expect(secretManifest(content, ledgerOf(1, old), old)).toMatchObject({ data: { E: '' } });
  });

  test('of a token that outlives its object is not owned by it', () => {
    const { metadata } = secretManifest(contentOf({ deletionPolicy: 'Retain' }), ledgerOf(1, old), old);
    expect(metadata.ownerReferences).toBeUndefined();
  });
});

describe('a compare-and-swap', () => {
  const base = ledgerOf(1, old);

  test('succeeds while the Secret names the same token and fence, whatever strangers did to its labels', () => {
    const live = issued(contentOf(), base);
    const patch = swapPatch(live, base, contentOf(), ledgerOf(2, fresh), fresh);
    const meanwhile = {
      ...live,
      metadata: { ...live.metadata, resourceVersion: '9', labels: { ...live.metadata.labels, a: 'b' } },
    };
    const swapped = applyPatch(meanwhile, patch)!;
    expect(swapped.metadata.labels).toEqual({ 'influxtokens.dev/managed': 'true', a: 'b' });
    expect(readLedger(swapped.metadata.annotations!)).toEqual(ledgerOf(2, fresh));
    expect(swapped.data).toEqual({ token: base64('apiv1_new') });
  });

  test.each([
    ['uid', (live: LiveSecret) => ({ ...live, metadata: { ...live.metadata, uid: 'another' } })],
    ['token', (live: LiveSecret) => annotate(live, { [LEDGER.tokenID]: id(9) })],
    ['fence', (live: LiveSecret) => annotate(live, { [LEDGER.fence]: '2' })],
  ])('fails when the %s is another one meanwhile', (_, change) => {
    const live = issued(contentOf(), base);
    expect(applyPatch(change(live), swapPatch(live, base, contentOf(), ledgerOf(2, fresh), fresh))).toBeUndefined();
  });

  test('into a Secret without a readable ledger fails when anybody wrote it meanwhile', () => {
    const { metadata, ...rest } = issued(contentOf(), base);
    const live: LiveSecret = { ...rest, metadata: { ...metadata, annotations: {} } };
    const patch = swapPatch(live, undefined, contentOf(), ledgerOf(2, fresh), fresh);
    expect(applyPatch(live, patch)).toBeDefined();
    expect(applyPatch({ ...live, metadata: { ...live.metadata, resourceVersion: '2' } }, patch)).toBeUndefined();
  });

  test('works on a Secret that has no data, labels or annotations at all', () => {
    const live: LiveSecret = {
      metadata: { name: 'telegraf', namespace: 'metrics', uid: 'secret', resourceVersion: '1' },
    };
    const swapped = applyPatch(live, swapPatch(live, undefined, contentOf(), ledgerOf(2, fresh), fresh))!;
    expect(swapped.data).toEqual({ token: base64('apiv1_new') });
    expect(readLedger(swapped.metadata.annotations!)).toEqual(ledgerOf(2, fresh));
  });

  test('leaves the owners of others and sets or removes ours, as the policy asks', () => {
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };
    const former = { apiVersion: 'influxtokens.dev/v1alpha1', kind: 'DatabaseToken', name: 'telegraf', uid: 'former' };
    const live = { ...issued(contentOf(), base) };
    const owned: LiveSecret = { ...live, metadata: { ...live.metadata, ownerReferences: [other, former] } };
    const owners = (content: SecretContent): string[] =>
      applyPatch(owned, swapPatch(owned, base, content, ledgerOf(2, fresh), fresh))!.metadata.ownerReferences!.map(
        ({ uid }) => uid,
      );
    expect(owners(contentOf())).toEqual(['x', OBJECT_UID]);
    expect(owners(contentOf({ deletionPolicy: 'Retain' }))).toEqual(['x']);
  });

  test('that changes nothing is only its tests', () => {
    const live = issued(contentOf(), base);
    const patch = swapPatch(live, base, contentOf(), base, old);
    expect(patch.map(({ op }) => op)).toEqual(['test', 'test', 'test']);
  });
});

describe('taking the object off the owners', () => {
  const base = ledgerOf(1, old);
  const live = issued(contentOf(), base);

  test('leaves data, ledger and other owners, and bumps the fence', () => {
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };
    const owned: LiveSecret = {
      ...live,
      metadata: { ...live.metadata, ownerReferences: [...live.metadata.ownerReferences!, other] },
    };
    const after = applyPatch(owned, disownPatch(owned, base, OBJECT_UID))!;
    expect(after.metadata.ownerReferences).toEqual([other]);
    expect(readLedger(after.metadata.annotations!)).toEqual({ ...base, fence: base.fence + 1 });
    expect(after.data).toEqual(live.data);
  });

  test('makes a swap that was prepared before it fail', () => {
    const swap = swapPatch(live, base, contentOf(), ledgerOf(2, fresh), fresh);
    expect(applyPatch(applyPatch(live, disownPatch(live, base, OBJECT_UID))!, swap)).toBeUndefined();
  });

  test('of a Secret with a damaged ledger takes nobody having written it', () => {
    const damaged = annotate(live, { [LEDGER.fence]: 'high' });
    expect(applyPatch(damaged, disownPatch(damaged, undefined, OBJECT_UID))?.metadata.ownerReferences).toEqual([]);
  });
});

describe('a live look', () => {
  const base = ledgerOf(1, old);

  test('finds an untouched Secret intact and as wanted', () => {
    const { string, ...rest } = inspect(issued(contentOf(), base), contentOf());
    expect(rest).toEqual({ intact: true, asWanted: true });
    expect(string?.reveal()).toBe('apiv1_old');
  });

  test('finds a string that was edited by hand', () => {
    const edited = issued(contentOf(), base, { data: { token: base64('mine') } });
    expect(inspect(edited, contentOf())).toEqual({ intact: false, asWanted: false });
    expect(inspect(issued(contentOf(), { ...base, digest: 'sha256:0' }), contentOf()).intact).toBe(false);
  });

  test.each([
    ['a new key', { token: 'T' }, {}],
    [
      'the key of something else, as two keys change places',
      { token: 'U', url: 'token' },
      { token: 'token', url: 'U' },
    ],
  ])('finds the string under its former key when the spec asks for %s: nothing has to be minted', (_, keys, before) => {
    const content = contentOf({ secret: { keys } });
    const live = issued(contentOf({ secret: { keys: before } }), base);
    const found = inspect(live, content);
    expect(found).toMatchObject({ intact: true, asWanted: false });
    const rewritten = applyPatch(live, swapPatch(live, base, content, base, found.string!))!;
    expect(inspect(rewritten, content)).toMatchObject({ intact: true, asWanted: true });
    expect(rewritten.data?.[keys.token]).toBe(base64('apiv1_old'));
  });

  test('finds labels, annotations, owner or other keys that are not as wanted, and the string intact', () => {
    const live = issued(contentOf(), base);
    const { ownerReferences: _, ...unowned } = live.metadata;
    expect(inspect({ ...live, metadata: unowned }, contentOf())).toMatchObject({ intact: true, asWanted: false });
    for (const secret of [{ labels: { a: 'b' } }, { annotations: { a: 'b' } }, { keys: { url: 'U' } }]) {
      expect(inspect(live, contentOf({ secret }))).toMatchObject({ intact: true, asWanted: false });
    }
  });

  test('does not mind a layout that is missing or wrong, which the next write puts right', () => {
    const content = contentOf();
    for (const layout of ['another', undefined]) {
      const { [LEDGER.layout]: _, ...others } = issued(content, base).metadata.annotations ?? {};
      const annotations = layout === undefined ? others : { ...others, [LEDGER.layout]: layout };
      const secret = issued(content, base);
      const live = { ...secret, metadata: { ...secret.metadata, annotations } };
      const { string, asWanted } = inspect(live, content);
      expect(asWanted).toBe(true);
      const rewritten = applyPatch(live, swapPatch(live, base, content, base, string!))!;
      expect(rewritten.metadata.annotations?.[LEDGER.layout]).toBe(content.layout);
    }
  });

  test('does not call it as wanted when what is wanted is not known', () => {
    expect(inspect(issued(contentOf(), base), undefined)).toMatchObject({ intact: true, asWanted: false });
  });

  test('takes a Secret without a ledger for neither', () => {
    const live = annotate(issued(contentOf(), base), { [LEDGER.version]: '2' });
    expect(inspect(live, contentOf())).toEqual({ intact: false, asWanted: false });
  });
});

describe('the watch keeps of a Secret', () => {
  test('who owns it, and that someone else wrote its data', () => {
    const { metadata } = issued(contentOf(), ledgerOf(1, old));
    expect(secretRecord(metadata)).toEqual({
      metadata: { name: 'telegraf', namespace: 'metrics', uid: 'secret', resourceVersion: '1' },
      ledger: ledgerOf(1, old),
      owners: ['DatabaseToken/telegraf'],
      ownerUIDs: [OBJECT_UID],
      terminating: false,
      foreignWriter: false,
    });
    const managedFields = [...metadata.managedFields!, { manager: 'kubectl-edit', fieldsV1: { 'f:data': {} } }];
    expect(secretRecord({ ...metadata, managedFields }).foreignWriter).toBe(true);
    expect(secretRecord({ ...metadata, deletionTimestamp: '2030-01-01T00:00:00Z' }).terminating).toBe(true);
  });
});

function annotate(live: LiveSecret, annotations: Record<string, string>): LiveSecret {
  return { ...live, metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, ...annotations } } };
}
