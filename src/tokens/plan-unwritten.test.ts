import { describe, expect, test } from '@jest/globals';

import { aForeignSecret, DAY, given, HOUR, id, MINUTE, NOW } from '../../test/builders.ts';
import { story, type Story, type Told } from '../../test/story.ts';
import { rfc3339 } from '../resources/conditions.ts';
import type { Observed } from './observed.ts';

/** Somebody takes the name of the Secret each time a token has been created for it, and gives it up once that token is revoked. */
function robbed(o: Observed = given().finalized().build()): Story {
  const one = story(o);
  return one.on('publish', () => {
    one.world.secret = { ...aForeignSecret(), seen: 'live', intact: false, asWanted: false };
    return { got: 'conflict' };
  });
}

/** Looks whenever the plan asks to, until `end`; tells when a token was created. */
function mints(one: Story, end: number): number[] {
  const at: number[] = [];
  while (one.now < end) {
    const { told, wakeAt = Infinity, verdict } = one.run();
    if (told.some((step) => step.startsWith('mint'))) at.push(one.now);
    if (verdict.reason === 'SecretConflict') one.world.secret = undefined;
    const next = verdict.reason === 'SecretConflict' ? one.now : wakeAt;
    one.later(Math.max(1, Math.min(next, end) - one.now), seen);
  }
  return at;

  function seen(o: Observed): Observed {
    return { ...o, secret: one.world.watched() };
  }
}

describe('tokens that were created and could not be written, one after the other', () => {
  test('are followed by further ones at once, then after a minute and later and later, at last every four hours', () => {
    const at = mints(robbed(), NOW + 2 * DAY);
    const pauses = at.slice(1).map((instant, index) => Math.round((instant - (at[index] ?? 0)) / MINUTE));
    // Before the sixth, the budget of five an hour lasts longer.
    expect(pauses.slice(0, 11)).toEqual([0, 1, 2, 4, 53, 16, 32, 64, 128, 240, 240]);
    expect(at.length).toBeLessThan(24);
  });

  test('are all revoked', () => {
    const one = robbed();
    mints(one, NOW + DAY);
    const live = [...one.world.tokens.values()].filter(({ revokedAt }) => revokedAt === undefined);
    expect(live).toEqual([]);
  });

  test('make the object say how many they were, and when the next is tried', () => {
    const one = robbed();
    mints(one, NOW + 70 * MINUTE);
    const { verdict, wakeAt = 0 } = one.run();
    expect(verdict.reason).toBe('RateLimited');
    expect(verdict.message).toContain('6 tokens in a row');
    expect(verdict.message).toContain(`the next try is at ${rfc3339(wakeAt)}`);
  });

  test('hinder nobody who asks anew: a changed spec is tried at once', () => {
    const one = robbed();
    mints(one, NOW + DAY);
    expect(one.run().verdict.reason).toBe('RateLimited');
    const asked = one
      .calm()
      .later(MINUTE, (o) => given().with(o).edited({ description: 'New' }).build())
      .run();
    expect(asked.told).toContainEqual('mint: first');
    expect(asked.verdict.reason).toBe('Issued');
  });

  test('are forgotten once one was written', () => {
    const one = robbed();
    mints(one, NOW + DAY);
    const issued: Told = one
      .calm()
      .later(4 * HOUR)
      .run();
    expect(issued.verdict.reason).toBe('Issued');
    expect(issued.o.memory.unwritten).toBeUndefined();
  });

  test('do not hold up a deletion', () => {
    const one = robbed();
    mints(one, NOW + DAY);
    const gone = one.later(MINUTE, (o) => given().with(o).deleted().build()).run();
    expect(gone).toMatchObject({ told: ['removeFinalizer'], over: true });
  });

  test('hold up a renewal no longer than half of what is left to the token in the Secret', () => {
    const unwritten = { at: NOW, count: 20, generation: 1, nonces: '\n' };
    const due = given()
      .issued({ expiresAt: NOW + HOUR })
      .spec({ lifetime: '25h' })
      .memory({ unwritten })
      .build();
    const one = story(due);
    expect(one.run()).toMatchObject({
      told: ['lookAtSecret'],
      wakeAt: NOW + HOUR / 2,
      verdict: { reason: 'RateLimited' },
    });
    expect(one.later(HOUR / 2).run().told).toContainEqual('mint: renewalDue');
  });
});

test('a token whose write is refused is kept and tried again: no other is created, however long it takes', () => {
  const one = story(given().finalized().build()).on('publish', () => ({
    got: 'failure',
    failure: { of: 'kubernetes', refused: true, reason: 'Forbidden', status: 403, causes: [], message: 'no' },
  }));
  expect(one.run().verdict.reason).toBe('SecretRejected');
  for (let i = 0; i < 500; i += 1) one.later(6 * MINUTE).run();
  expect([...one.world.tokens.keys()]).toEqual([id(101)]);
  const after = one
    .calm()
    .later(6 * MINUTE)
    .run();
  expect(after).toMatchObject({ told: ['lookAtSecret', 'publish 101', 'probe 101'], verdict: { reason: 'Issued' } });
});
