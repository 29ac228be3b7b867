import { describe, expect, test } from '@jest/globals';

import { aSecret, given, HOUR, MINUTE, NOW, nonce, SECOND, serverToken } from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import { rfc3339 } from '../resources/conditions.ts';
import type { Failure, Outcome } from './outcome.ts';

const refused = (change: Partial<Extract<Failure, { of: 'kubernetes' }>> = {}): Outcome => ({
  got: 'failure',
  failure: { of: 'kubernetes', refused: true, reason: 'Forbidden', status: 403, causes: [], message: 'no', ...change },
});
const unanswered = (kind: Extract<Failure, { of: 'issuer' }>['kind']): Outcome => ({
  got: 'failure',
  failure: { of: 'issuer', kind, message: 'it answered 502' },
});

describe('before anything is minted', () => {
  test('a quota, a policy or missing rights stop it, and it is tried again with a growing pause', () => {
    const one = story(given().finalized().build()).on('rehearse', () => refused({ message: 'exceeded quota' }));
    expect(one.run()).toMatchObject({
      told: ['rehearse'],
      verdict: { reason: 'SecretRejected', message: 'exceeded quota' },
    });
    for (let i = 0; i < 20; i += 1) one.later(6 * MINUTE).run();
    expect(one.world.tokens.size).toBe(0);
    expect(
      one
        .calm()
        .later(6 * MINUTE)
        .run().verdict.reason,
    ).toBe('Issued');
  });

  test('a first token waits for the budget of its namespace, and a successor does not', () => {
    const later = { newcomersFrom: NOW + HOUR };
    const first = story(given().finalized().with(later).build()).run();
    expect(first).toMatchObject({ told: [], wakeAt: NOW + HOUR, verdict: { reason: 'RateLimited' } });
    expect(first.verdict.message).toContain(`the next try is at ${rfc3339(NOW + HOUR)}`);
    expect(story(given().finalized().with({ newcomersFrom: NOW }).build()).run().verdict.reason).toBe('Issued');
    const asked = given().issued().annotations({ 'influxtokens.dev/rotate': 'now' }).with(later).build();
    expect(story(asked).run().told).toContainEqual('mint: rotate');
  });

  test('a namespace that is going says so', () => {
    const one = story(given().finalized().build()).on('rehearse', () => refused({ causes: ['NamespaceTerminating'] }));
    expect(one.run()).toMatchObject({ told: ['rehearse'], verdict: { reason: 'NamespaceTerminating' } });
  });

  test('a webhook that knows no dry run leads to a live look instead', () => {
    const one = story(given().finalized().build()).on('rehearse', () =>
      refused({ status: 400, message: 'admission webhook "x" does not support dry run' }),
    );
    expect(one.run().told).toEqual(['rehearse', 'lookAtSecret', 'mint: first', 'publish 101', 'probe 101']);
  });

  test('a webhook that knows no dry run does not hide a foreign Secret', () => {
    const one = story(given().finalized().build()).on('rehearse', () =>
      refused({ status: 400, message: 'admission webhook "x" does not support dry run' }),
    );
    const { ledger: _, ...foreign } = aSecret({ ownerUIDs: [], owners: [] });
    one.world.secret = { ...foreign, seen: 'live', intact: false, asWanted: false };
    expect(one.run()).toMatchObject({ told: ['rehearse', 'lookAtSecret'], verdict: { reason: 'SecretConflict' } });
  });

  test('every mint has its own rehearsal, also within one pass', () => {
    const one = story(given().finalized().build()).on('publish', ({ pending }) => {
      if (pending.created.info.id !== serverToken(101).id) return undefined;
      // Somebody else of us was faster and wrote a token that was revoked since.
      one.world.secret = { ...aSecret(), seen: 'live', intact: true, asWanted: true };
      one.world.tokens.set(serverToken(1).id, serverToken(1, { revokedAt: NOW }));
      return { got: 'conflict' };
    });
    const { told } = one.run();
    expect(told.slice(0, 6)).toEqual([
      'rehearse',
      'mint: first',
      'publish 101',
      'lookAtSecret',
      'lookUp 101',
      'revoke 101',
    ]);
    const second = told.indexOf('mint: revokedOutside');
    expect(told[second - 1]).toBe('rehearse');
  });

  test('a Secret on its way out is waited for', () => {
    const { ledger: _, ...damaged } = aSecret({ terminating: true });
    const { told, wakeAt } = story(given().issued().secret(damaged).build()).run();
    expect(told).toEqual(['lookAtSecret']);
    expect(wakeAt).toBe(NOW + 2 * SECOND);
  });
});

describe('a creation', () => {
  test('whose answer was lost is never sent again blindly: the next has a nonce of its own, and the lost token is found by its', () => {
    const one = story(given().finalized().build()).on('mint', () => unanswered('OutcomeUnknown'));
    const { told, o, verdict } = one.run();
    expect({ told, reason: verdict.reason }).toEqual({
      told: ['rehearse', 'mint: first'],
      reason: 'ClusterUnreachable',
    });
    expect(o.memory.unsettled).toEqual([{ attempt: nonce(0xf), at: NOW }]);
    const again = one
      .calm()
      .later(2 * SECOND)
      .run();
    expect(again.o.memory.unsettled.map(({ attempt }) => attempt)).toEqual([nonce(0xf)]);
    expect(again.verdict.reason).toBe('Issued');
    // The lost one shows up in the next list; the Secret was written before that list was taken.
    one.world.tokens.set(serverToken(0xf).id, serverToken(0xf));
    const tokens = [...one.world.tokens.values()];
    const tidy = one.later(MINUTE, (seen) => given().with(seen).inventory(tokens, one.now).build()).run();
    expect(tidy.told).toEqual(['lookAtSecret', 'rewrite', 'lookAtObject', 'lookUp 15', 'revoke 15']);
  });

  test('counts in the budget when its answer was lost, for it may have made a token', () => {
    const one = story(given().finalized().build()).on('mint', () => unanswered('OutcomeUnknown'));
    const reasons = Array.from({ length: 8 }, () => one.later(6 * MINUTE).run().verdict.reason);
    expect(reasons.filter((reason) => reason === 'ClusterUnreachable')).toHaveLength(5);
    expect(reasons.at(-1)).toBe('RateLimited');
  });

  test.each([
    ['Refused', 'InvalidSpec'],
    ['CredentialsRejected', 'CredentialsRejected'],
    ['Unavailable', 'ClusterUnreachable'],
  ] as const)('that came to nothing for sure (%s) is tried again, and does not count', (kind, reason) => {
    const one = story(given().finalized().build()).on('mint', () => unanswered(kind));
    for (let i = 0; i < 10; i += 1) expect(one.later(6 * MINUTE).run().verdict.reason).toBe(reason);
    expect(one.run().o.memory).toMatchObject({ mints: [], unsettled: [] });
    expect(one.calm().later(HOUR).run().verdict.reason).toBe('Issued');
  });
});
