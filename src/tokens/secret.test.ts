import { describe, expect, test } from '@jest/globals';

import { HOUR, id, NOW, OBJECT_UID } from '../../test/builders.ts';
import { applyPatch } from '../../test/json-patch.ts';
import { annotate, base64, contentOf, issued, ledgerOf, OLD } from '../../test/secrets.ts';
import { LEDGER, writeLedger } from './ledger.ts';
import { inspect, secretManifest, secretRecord, swapPatch } from './secret.ts';

describe('a new Secret', () => {
  test('is Opaque, ours by label and owner, and holds the string under "token"', () => {
    const ledger = ledgerOf(1, OLD);
    expect(secretManifest(contentOf(), ledger, OLD)).toEqual({
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
    const manifest = secretManifest(content, ledgerOf(1, OLD, { expiresAt: NOW + HOUR }), OLD);
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
    expect(secretManifest(content, ledgerOf(1, OLD), OLD)).toMatchObject({ data: { E: '' } });
  });

  test('of a token that outlives its object is not owned by it', () => {
    const { metadata } = secretManifest(contentOf({ deletionPolicy: 'Retain' }), ledgerOf(1, OLD), OLD);
    expect(metadata.ownerReferences).toBeUndefined();
  });
});

describe('a live look', () => {
  const base = ledgerOf(1, OLD);

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
    const { metadata } = issued(contentOf(), ledgerOf(1, OLD));
    expect(secretRecord(metadata)).toEqual({
      metadata: { name: 'telegraf', namespace: 'metrics', uid: 'secret', resourceVersion: '1' },
      ledger: ledgerOf(1, OLD),
      owners: [],
      ownerUIDs: [OBJECT_UID],
      terminating: false,
      foreignWriter: false,
    });
    const managedFields = [...metadata.managedFields!, { manager: 'kubectl-edit', fieldsV1: { 'f:data': {} } }];
    expect(secretRecord({ ...metadata, managedFields }).foreignWriter).toBe(true);
    expect(secretRecord({ ...metadata, deletionTimestamp: '2030-01-01T00:00:00Z' }).terminating).toBe(true);
    expect(secretRecord({ ...metadata, annotations: {} }).owners).toEqual(['DatabaseToken/telegraf']);
  });
});
