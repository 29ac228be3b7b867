import { describe, expect, test } from '@jest/globals';

import { id, OBJECT_UID } from '../../test/builders.ts';
import { applyPatch } from '../../test/json-patch.ts';
import { annotate, base64, contentOf, FRESH, issued, ledgerOf, OLD } from '../../test/secrets.ts';
import { LEDGER, readLedger } from './ledger.ts';
import { disownPatch, swapPatch, type LiveSecret, type SecretContent } from './secret.ts';

describe('a compare-and-swap', () => {
  const base = ledgerOf(1, OLD);

  test('succeeds while the Secret names the same token and fence, whatever strangers did to its labels', () => {
    const live = issued(contentOf(), base);
    const patch = swapPatch(live, base, contentOf(), ledgerOf(2, FRESH), FRESH);
    const meanwhile = {
      ...live,
      metadata: { ...live.metadata, resourceVersion: '9', labels: { ...live.metadata.labels, a: 'b' } },
    };
    const swapped = applyPatch(meanwhile, patch)!;
    expect(swapped.metadata.labels).toEqual({ 'influxtokens.dev/managed': 'true', a: 'b' });
    expect(readLedger(swapped.metadata.annotations!)).toEqual(ledgerOf(2, FRESH));
    expect(swapped.data).toEqual({ token: base64('apiv1_new') });
  });

  test.each([
    ['uid', (live: LiveSecret) => ({ ...live, metadata: { ...live.metadata, uid: 'another' } })],
    ['token', (live: LiveSecret) => annotate(live, { [LEDGER.tokenID]: id(9) })],
    ['fence', (live: LiveSecret) => annotate(live, { [LEDGER.fence]: '2' })],
  ])('fails when the %s is another one meanwhile', (_, change) => {
    const live = issued(contentOf(), base);
    expect(applyPatch(change(live), swapPatch(live, base, contentOf(), ledgerOf(2, FRESH), FRESH))).toBeUndefined();
  });

  test('into a Secret without a readable ledger fails when anybody wrote it meanwhile', () => {
    const { metadata, ...rest } = issued(contentOf(), base);
    const live: LiveSecret = { ...rest, metadata: { ...metadata, annotations: {} } };
    const patch = swapPatch(live, undefined, contentOf(), ledgerOf(2, FRESH), FRESH);
    expect(applyPatch(live, patch)).toBeDefined();
    expect(applyPatch({ ...live, metadata: { ...live.metadata, resourceVersion: '2' } }, patch)).toBeUndefined();
  });

  test('works on a Secret that has no data, labels or annotations at all', () => {
    const live: LiveSecret = {
      metadata: { name: 'telegraf', namespace: 'metrics', uid: 'secret', resourceVersion: '1' },
    };
    const swapped = applyPatch(live, swapPatch(live, undefined, contentOf(), ledgerOf(2, FRESH), FRESH))!;
    expect(swapped.data).toEqual({ token: base64('apiv1_new') });
    expect(readLedger(swapped.metadata.annotations!)).toEqual(ledgerOf(2, FRESH));
  });

  test('leaves the owners of others and sets or removes ours, as the policy asks', () => {
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };
    const former = { apiVersion: 'influxtokens.dev/v1alpha1', kind: 'DatabaseToken', name: 'telegraf', uid: 'former' };
    const live = { ...issued(contentOf(), base) };
    const owned: LiveSecret = { ...live, metadata: { ...live.metadata, ownerReferences: [other, former] } };
    const owners = (content: SecretContent): string[] =>
      applyPatch(owned, swapPatch(owned, base, content, ledgerOf(2, FRESH), FRESH))!.metadata.ownerReferences!.map(
        ({ uid }) => uid,
      );
    expect(owners(contentOf())).toEqual(['x', OBJECT_UID]);
    expect(owners(contentOf({ deletionPolicy: 'Retain' }))).toEqual(['x']);
  });

  test('that changes nothing is only its tests', () => {
    const live = issued(contentOf(), base);
    const patch = swapPatch(live, base, contentOf(), base, OLD);
    expect(new Set(patch.map(({ op }) => op))).toEqual(new Set(['test']));
  });

  describe('that keeps the token', () => {
    const asked = { keys: { url: 'URL' }, labels: { team: 'a' }, annotations: { note: 'x' } };
    const live = issued(contentOf({ secret: asked }), base);
    const patch = swapPatch(live, base, contentOf({ secret: asked }), { ...base, fence: 2 }, OLD);
    const { metadata } = live;
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };
    const meanwhile = (change: Partial<LiveSecret['metadata']>): LiveSecret => ({
      ...live,
      metadata: { ...metadata, ...change },
    });

    test.each([
      ['the string', { ...live, data: { ...live.data, token: base64('mine') } }],
      ['another value of ours', { ...live, data: { ...live.data, URL: base64('https://elsewhere') } }],
      ['what data there is', { ...live, data: {} }],
      ['the label that it is watched by', meanwhile({ labels: { team: 'a' } })],
      ['a label that was asked for', meanwhile({ labels: { ...metadata.labels, team: 'b' } })],
      ['an annotation that was asked for', annotate(live, { note: 'y' })],
      ['the ledger', annotate(live, { [LEDGER.digest]: 'sha256:0' })],
      ['the owner', meanwhile({ ownerReferences: [] })],
    ])('fails when somebody changed %s meanwhile: its answer would not show it', (_, changed) => {
      expect(applyPatch(live, patch)).toBeDefined();
      expect(applyPatch(changed, patch)).toBeUndefined();
    });

    test.each([
      ['a value', { ...live, data: { ...live.data, mine: base64('mine') } }],
      ['a label', meanwhile({ labels: { ...metadata.labels, mine: 'm' } })],
      ['an annotation', annotate(live, { mine: 'm' })],
    ])('succeeds when a stranger put %s of its own there meanwhile', (_, changed) => {
      expect(applyPatch(changed, patch)).toBeDefined();
    });

    test('of a Secret that is to have no owner does not ask who owns it', () => {
      const retained = contentOf({ deletionPolicy: 'Retain' });
      const alone = issued(retained, base);
      const swap = swapPatch(alone, base, retained, { ...base, fence: 2 }, OLD);
      const owned = { ...alone, metadata: { ...alone.metadata, ownerReferences: [other] } };
      expect(applyPatch(owned, swap)?.metadata.ownerReferences).toEqual([other]);
    });
  });
});

describe('taking the object off the owners', () => {
  const base = ledgerOf(1, OLD);
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
    const swap = swapPatch(live, base, contentOf(), ledgerOf(2, FRESH), FRESH);
    expect(applyPatch(applyPatch(live, disownPatch(live, base, OBJECT_UID))!, swap)).toBeUndefined();
  });

  test('of a Secret with a damaged ledger takes nobody having written it', () => {
    const damaged = annotate(live, { [LEDGER.fence]: 'high' });
    expect(applyPatch(damaged, disownPatch(damaged, undefined, OBJECT_UID))?.metadata.ownerReferences).toEqual([]);
  });
});
