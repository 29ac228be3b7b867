import { describe, expect, test } from '@jest/globals';

import { aSecret, aLedger, DAY, given, HOUR, id, MINUTE, NOW, SECOND, serverToken } from '../../test/builders.ts';
import { story, type Story } from '../../test/story.ts';
import { MINTS_PER_HOUR } from './budget.ts';
import type { Observed } from './observed.ts';

const annotated = (annotations: Record<string, string>) => (o: Observed) =>
  given().with(o).annotations(annotations).build();
const rotate = (nonce: string) => annotated({ 'influxtokens.dev/rotate': nonce });
const rotateImmediately = (nonce: string) => annotated({ 'influxtokens.dev/rotate-immediately': nonce });
const revoked = ({ world }: Story, number: number): boolean => world.tokens.get(id(number))?.revokedAt !== undefined;

describe('the annotation rotate', () => {
  test('rotates once for each nonce, and the old token lives for another day, and two seconds for the write', () => {
    const one = story(rotate('a')(given().issued().build()));
    expect(one.run().told).toEqual(['lookAtSecret', 'rehearse', 'mint: rotate', 'probe 101', 'publish 101']);
    expect(one.later(HOUR).run()).toMatchObject({ told: [], wakeAt: NOW + DAY + 2 * SECOND });
    expect(one.later(DAY - HOUR + SECOND).run().told).toEqual([]);
    expect(one.later(SECOND).run().told).toEqual(['lookAtObject', 'lookAtSecret', 'lookUp 1', 'revoke 1', 'rewrite']);
    expect(one.world.secret?.ledger?.superseded).toEqual([]);
  });

  test('is handled when it is there from the beginning', () => {
    const one = story(rotate('a')(given().build()));
    expect(one.run().told).toContain('mint: first');
    expect(one.later(HOUR).run().told).toEqual([]);
  });

  test('stays handled while it is gone and something else asks for a new token', () => {
    const one = story(given().issued({ handledRotation: 'a', handledRotationImmediately: 'b' }).build());
    one.run();
    one.later(SECOND, rotate('c')).run();
    expect(one.world.secret?.ledger).toMatchObject({ handledRotation: 'c', handledRotationImmediately: 'b' });
    expect(one.later(HOUR, rotateImmediately('b')).run().told).toEqual([]);
  });

  test('with an overlap of its own keeps the old token as long as asked', () => {
    const one = story(
      rotate('a')(
        given()
          .spec({ rotation: { overlap: '2h' } })
          .issued()
          .build(),
      ),
    );
    one.run();
    expect(one.world.secret?.ledger?.superseded).toEqual([{ id: id(1), revokeAfter: NOW + 2 * HOUR + 2 * SECOND }]);
  });

  test('with an overlap of nothing revokes the old token once the new one is written', () => {
    const one = story(
      rotate('a')(
        given()
          .spec({ rotation: { overlap: '0s' } })
          .issued()
          .build(),
      ),
    );
    const { told } = one.run();
    expect(told.indexOf('revoke 1')).toBeGreaterThan(told.indexOf('publish 101'));
  });

  test('during an overlap ends the overlap first, so that never more than two tokens live', () => {
    const one = story(rotate('a')(given().issued().build()));
    one.run();
    const { told } = one.later(HOUR, rotate('b')).run();
    expect(told.slice(0, 5)).toEqual(['lookAtSecret', 'lookAtObject', 'lookUp 1', 'revoke 1', 'rehearse']);
    expect(one.world.secret?.ledger?.superseded.map((token) => token.id)).toEqual([id(101)]);
  });

  test('never revokes the current token, even if somebody wrote it among those in their overlap', () => {
    const forged = { superseded: [{ id: id(1), revokeAfter: NOW - DAY }] };
    const one = story(given().issued(forged).build());
    one.run();
    one.later(HOUR, rotate('b')).run();
    expect(revoked(one, 1)).toBe(false);
  });

  test('never revokes the token of somebody else, even if its id was written into the ledger', () => {
    const one = story(
      given()
        .issued({ superseded: [{ id: id(66), revokeAfter: NOW - DAY }] })
        .build(),
    );
    one.world.tokens.set(id(66), serverToken(66, { description: 'root' }));
    expect(one.run().told).toEqual(['lookAtObject', 'lookAtSecret', 'lookUp 66', 'rewrite']);
    expect(one.world.secret?.ledger?.superseded).toEqual([]);
  });
});

describe('the annotation rotate-immediately', () => {
  test('revokes the old token as soon as the new one is written, and not before', () => {
    const one = story(rotateImmediately('leak')(given().issued().build()));
    expect(one.run().told).toEqual([
      'lookAtSecret',
      'rehearse',
      'mint: rotateImmediately',
      'probe 101',
      'publish 101',
      'lookAtObject',
      'lookUp 1',
      'revoke 1',
      'rewrite',
    ]);
  });

  test('together with rotate is one rotation, at once', () => {
    const both = { 'influxtokens.dev/rotate': 'a', 'influxtokens.dev/rotate-immediately': 'b' };
    const one = story(annotated(both)(given().issued().build()));
    expect(one.run().told.filter((step) => step.startsWith('mint'))).toEqual(['mint: rotateImmediately']);
    expect(revoked(one, 1)).toBe(true);
    expect(one.later(HOUR).run().told).toEqual([]);
  });

  test('grants no overlap when the Secret was edited by hand as well', () => {
    const one = story(rotateImmediately('leak')(given().issued().build()));
    one.world.secret = { ...aSecret(), seen: 'live', intact: false, asWanted: false };
    expect(one.run().told).toContain('mint: editedByHand');
    expect(revoked(one, 1)).toBe(true);
  });
});

describe('a lifetime', () => {
  const aMonth = given()
    .spec({ lifetime: '720h' })
    .issued({ issuedAt: NOW, expiresAt: NOW + 720 * HOUR });

  test('is renewed when a third of it is left, at a moment of its own a little earlier', () => {
    const one = story(aMonth.build());
    const { wakeAt } = one.run();
    expect(wakeAt).toBeLessThanOrEqual(NOW + 480 * HOUR);
    expect(wakeAt).toBeGreaterThanOrEqual(NOW + 468 * HOUR);
    expect(one.later(wakeAt! - NOW - SECOND).run().told).toEqual([]);
    expect(one.later(SECOND).run().told).toEqual([
      'lookAtSecret',
      'rehearse',
      'mint: renewalDue',
      'probe 101',
      'publish 101',
    ]);
    expect(one.world.secret?.ledger?.superseded).toEqual([{ id: id(1), revokeAfter: NOW + 720 * HOUR + 2 * SECOND }]);
  });

  test('is reckoned by the clock of the server', () => {
    const here = story(aMonth.build()).run().wakeAt!;
    expect(story(aMonth.cluster({ clockSkew: HOUR }).build()).run().wakeAt).toBe(here - HOUR);
  });

  test.each(['59m59s', '59m', '57m'])(
    'of 1h with renewBefore %s is not renewed at birth, but some minutes later',
    (renewBefore) => {
      const one = story(given().spec({ lifetime: '1h', rotation: { renewBefore } }).build());
      const { told, wakeAt } = one.run();
      expect(told.filter((step) => step.startsWith('mint'))).toEqual(['mint: first']);
      expect(wakeAt).toBe(NOW + 6 * MINUTE);
      expect(one.later(5 * MINUTE).run().told).toEqual([]);
    },
  );

  test('that ran out while nobody looked is renewed at once, without waiting for the probe', () => {
    const one = story(aMonth.build()).later(1000 * HOUR);
    expect(one.run().told.slice(0, 4)).toEqual(['lookAtSecret', 'rehearse', 'mint: renewalDue', 'publish 101']);
  });

  test('that changes issues a token with the new end', () => {
    const one = story(aMonth.edited({ lifetime: '240h' }).build());
    expect(one.run()).toMatchObject({ verdict: { reason: 'Issued' } });
    expect(one.world.secret?.ledger).toMatchObject({ expiresAt: NOW + 240 * HOUR });
  });

  test('is renewed even while a change of the token is NotApplied', () => {
    const one = story(aMonth.edited({ description: 'New' }).build()).on('change', (step) => ({
      got: 'token',
      id: step.id,
      info: serverToken(1),
      at: NOW,
    }));
    const { verdict, wakeAt } = one.run();
    expect(verdict.reason).toBe('NotApplied');
    expect(wakeAt).toBeLessThanOrEqual(NOW + 480 * HOUR);
  });
});

describe('a fixed end', () => {
  test('with a fraction of a second is met by one token', () => {
    const one = story(given().spec({ expiresAt: '2030-06-01T00:00:00.5Z' }).build());
    one.run();
    expect(one.later(HOUR).run().told).toEqual([]);
  });

  test('that has come leaves the object Expired, and what it replaced is still let go in time', () => {
    const superseded = [{ id: id(2), revokeAfter: NOW + HOUR }];
    const o = given()
      .spec({ expiresAt: '2030-01-01T00:30:00Z' })
      .issued({ expiresAt: NOW + 30 * MINUTE, superseded });
    const one = story(o.build());
    expect(one.run()).toMatchObject({ told: [], wakeAt: NOW + 30 * MINUTE });
    expect(one.later(30 * MINUTE).run()).toMatchObject({
      told: [],
      verdict: { reason: 'Expired' },
      wakeAt: NOW + HOUR,
    });
    expect(one.later(30 * MINUTE).run().told).toEqual(['lookAtObject', 'lookAtSecret', 'lookUp 2', 'revoke 2']);
    expect(one.later(HOUR).run()).toMatchObject({ told: [], verdict: { reason: 'Expired' } });
  });
});

describe('what a token replaced', () => {
  const overlapping = given().issued({ superseded: [{ id: id(2), revokeAfter: NOW - HOUR }] });

  test('is let go when its overlap ended, even while access is withdrawn', () => {
    const one = story(overlapping.denied().build());
    expect(one.run().told).toEqual(['lookAtObject', 'lookAtSecret', 'lookUp 2', 'revoke 2']);
    expect(one.later(HOUR).run().told).toEqual([]);
  });

  test.each([
    ['the cluster does not answer', overlapping.unreachable()],
    ['the cluster is suspended', overlapping.cluster({ suspended: true })],
    ['the object is suspended', overlapping.spec({ suspend: true })],
  ])('waits while %s', (_, situation) => {
    expect(story(situation.build()).run().told).toEqual([]);
  });

  test('lives on by the clock of the server', () => {
    const superseded = [{ id: id(2), revokeAfter: NOW + HOUR }];
    const one = story(
      given()
        .issued({ superseded })
        .cluster({ clockSkew: 30 * MINUTE })
        .build(),
    );
    expect(one.run()).toMatchObject({ told: [], wakeAt: NOW + 30 * MINUTE });
    expect(one.later(30 * MINUTE).run().told).toContain('revoke 2');
  });

  test('that the cluster does not know is asked for again some minutes later, not in circles', () => {
    const one = story(overlapping.build()).on('takeInventory', () => ({
      got: 'inventory',
      inventory: { begun: NOW, finished: NOW, knowsUs: false, tokens: [] },
    }));
    one.world.tokens.delete(id(2));
    expect(one.run().wakeAt).toBeGreaterThanOrEqual(NOW + MINUTE);
  });
});

describe('the budget', () => {
  test('stops mints for one object after five in an hour, and says when the next is due; Ready stays, the token works', () => {
    const one = story(given().issued().build());
    const mints = () => one.world.tokens.size - 1;
    for (let i = 0; i < MINTS_PER_HOUR + 2; i += 1) {
      one.world.secret = { ...one.world.secret!, intact: false, foreignWriter: true, resourceVersion: `edit-${i}` };
      one.later(SECOND, (o) => ({ ...o, secret: one.world.watched() })).run();
    }
    expect(mints()).toBe(MINTS_PER_HOUR);
    expect(one.run()).toMatchObject({ verdict: { reason: 'RateLimited' }, wakeAt: NOW + HOUR + SECOND });
    expect(one.later(HOUR).run().told).toContain('mint: editedByHand');
  });

  test('keeps Ready as it is while the token in the Secret works', () => {
    const mints = Array.from({ length: 5 }, () => ({
      at: NOW - MINUTE,
      generation: 1,
      nonces: 'a\n',
      scheduled: false,
    }));
    const { verdict } = story(rotate('a')(given().issued().memory({ mints }).build())).run();
    expect(verdict).toMatchObject({ reason: 'RateLimited', standing: true });
  });

  test('allows one more at once for a changed nonce, because a person has just asked', () => {
    const mints = Array.from({ length: 5 }, () => ({
      at: NOW - MINUTE,
      generation: 1,
      nonces: 'a\n',
      scheduled: false,
    }));
    const one = story(rotate('b')(given().issued().memory({ mints }).build()));
    expect(one.run().told).toContain('mint: rotate');
    expect(one.later(SECOND, rotate('b')).run().told).toEqual([]);
  });

  test('counts a renewal that falls due again at once, whoever wrote into the ledger that it did', () => {
    const one = story(
      given()
        .spec({ lifetime: '10h' })
        .issued({ issuedAt: NOW, expiresAt: NOW + 10 * HOUR })
        .build(),
    );
    for (let i = 0; i < 20; i += 1) {
      const ledger = aLedger({ ...one.world.secret!.ledger!, issuedAt: NOW - 9 * HOUR, expiresAt: NOW + HOUR });
      one.world.secret = { ...one.world.secret!, ledger, resourceVersion: `forged-${i}` };
      one.later(SECOND, (o) => ({ ...o, secret: one.world.watched() })).run();
    }
    expect(one.world.tokens.size).toBeLessThanOrEqual(1 + 1 + MINTS_PER_HOUR);
  });
});
