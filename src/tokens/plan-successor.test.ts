import { describe, expect, test } from '@jest/globals';

import { aLedger, aSecret, given, HOUR, id, MINUTE, NOW, nonce, SECOND, serverToken } from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import type { Failure, Outcome } from './outcome.ts';

const failed = (failure: Partial<Extract<Failure, { of: 'kubernetes' }>> = {}): Outcome => ({
  got: 'failure',
  failure: { of: 'kubernetes', refused: false, reason: 'Timeout', causes: [], message: 'no answer', ...failure },
});
const notActive = ({ tokenID }: { tokenID: string }): Outcome => ({
  got: 'probed',
  tokenID,
  verdict: { kind: 'not-active' },
});
const live = { seen: 'live', intact: true, asWanted: true } as const;

describe('a successor', () => {
  const rotating = given().issued().annotations({ 'influxtokens.dev/rotate': 'a' });

  test('is written only once the data API takes it; the token in the Secret works until then', () => {
    const one = story(rotating.build()).on('probe', notActive);
    const { told, verdict } = one.run();
    expect(told).toEqual(['lookAtSecret', 'rehearse', 'mint: rotate', 'probe 101']);
    expect(verdict.reason).toBe('Rotating');
    expect(one.calm().later(MINUTE).run()).toMatchObject({
      told: ['probe 101', 'publish 101'],
      verdict: { reason: 'Issued' },
    });
  });

  test('of a token with a changed end leaves the object Updating, because its spec is not in effect yet', () => {
    const o = given().issued().edited({ expiresAt: '2031-01-01T00:00:00Z' }).build();
    expect(story(o).on('probe', notActive).run().verdict.reason).toBe('Updating');
  });

  test('of a token that does not work itself is no reason to call the object Ready', () => {
    const one = story(given().build()).on('probe', notActive);
    one.run();
    const asked = one
      .later(SECOND, (o) => given().with(o).annotations({ 'influxtokens.dev/rotate': 'a' }).build())
      .run();
    expect(asked.told).toContain('mint: rotate');
    expect(asked.verdict.reason).toBe('Issuing');
  });

  test('is written when the data API gives no verdict, rather than let the old token end', () => {
    const one = story(rotating.build()).on('probe', ({ tokenID }) => ({
      got: 'probed',
      tokenID,
      verdict: { kind: 'no-verdict', message: 'it answered 503' },
    }));
    one.run();
    expect(one.later(5 * MINUTE).run()).toMatchObject({
      told: ['publish 101', 'probe 101'],
      verdict: { reason: 'IssuedUnverified' },
    });
  });

  test('that is not accepted for ten minutes is given up and revoked, and the old token kept; the next try waits', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    const { told, verdict, wakeAt } = one.later(10 * MINUTE).run();
    expect(told).toEqual(['lookUp 101', 'revoke 101']);
    expect(verdict).toMatchObject({ reason: 'Rotating', message: expect.stringContaining('not accepted') });
    expect(wakeAt).toBe(NOW + 10 * MINUTE + HOUR);
    expect(one.later(HOUR - SECOND).run().told).toEqual([]);
    expect(one.calm().later(SECOND).run().told).toEqual([
      'lookAtSecret',
      'rehearse',
      'mint: rotate',
      'probe 102',
      'publish 102',
    ]);
  });

  test('that was not accepted is tried again at once for a new nonce', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    one.later(10 * MINUTE).run();
    const again = one
      .later(SECOND, (o) => given().with(o).annotations({ 'influxtokens.dev/rotate': 'b' }).build())
      .run();
    expect(again.told).toContain('mint: rotate');
  });

  test('that was not accepted is tried again well before the old token ends', () => {
    const lifetime = { lifetime: '1h', rotation: { renewBefore: '30m' } };
    const ledger = { issuedAt: NOW - 45 * MINUTE, expiresAt: NOW + 15 * MINUTE };
    const one = story(given().spec(lifetime).issued(ledger).build()).on('probe', notActive);
    one.run();
    const { wakeAt } = one.later(10 * MINUTE).run();
    expect(wakeAt).toBe(NOW + 12.5 * MINUTE);
  });

  test('is given up when the fence was bumped meanwhile, even for the same token: whoever did may have revoked it', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    one.world.secret = { ...aSecret({ ledger: aLedger({ fence: 5 }) }), ...live };
    const { told } = one.calm().later(MINUTE).run();
    expect(told.slice(0, 5)).toEqual(['probe 101', 'publish 101', 'lookAtSecret', 'lookUp 101', 'revoke 101']);
    expect(told.slice(5)).toEqual(['rehearse', 'mint: rotate', 'probe 102', 'publish 102']);
    expect(one.world.secret?.ledger).toMatchObject({ tokenID: id(102), fence: 6 });
  });

  test('is given up and revoked when the Secret came to name another token', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    const ledger = aLedger({ tokenID: id(50), attempt: nonce(50), handledRotation: 'a', fence: 2 });
    one.world.tokens.set(id(50), serverToken(50));
    one.world.secret = { ...aSecret({ ledger }), ...live };
    const { told } = one.calm().later(MINUTE).run();
    expect(told.slice(0, 5)).toEqual(['probe 101', 'publish 101', 'lookAtSecret', 'lookUp 101', 'revoke 101']);
    expect(one.world.secret?.ledger?.tokenID).toBe(id(50));
  });

  test('becomes a new Secret when the Secret was deleted meanwhile', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    one.world.secret = undefined;
    expect(one.calm().later(MINUTE).run().told).toEqual(['probe 101', 'publish 101', 'lookAtSecret', 'publish 101']);
  });

  test('waits while suspended: it is neither probed nor written, and goes on afterwards', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    const suspended = one.later(MINUTE, (o) => given().with(o).cluster({ suspended: true }).build()).run();
    expect(suspended).toMatchObject({ told: [], verdict: { reason: 'Suspended' } });
    const resumed = one
      .calm()
      .later(MINUTE, (o) => given().with(o).cluster({ suspended: false }).build())
      .run();
    expect(resumed.told).toEqual(['probe 101', 'publish 101']);
  });

  test('is not probed once the probe was disabled', () => {
    const one = story(rotating.build()).on('probe', notActive);
    one.run();
    expect(one.later(SECOND, (o) => given().with(o).cluster({ probing: false }).build()).run().told).toEqual([
      'publish 101',
    ]);
  });

  test('that the API server refuses leaves Ready as it was, for the old token works', () => {
    const quota = failed({ refused: true, status: 403, reason: 'Forbidden', message: 'exceeded quota' });
    const { verdict, o } = story(rotating.build())
      .on('publish', () => quota)
      .run();
    expect(verdict).toMatchObject({ reason: 'SecretRejected', standing: true });
    expect(o.object.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  });
});
