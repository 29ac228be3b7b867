import { describe, expect, test } from '@jest/globals';

import { aLedger, aPending, aSecret, given, id, MINUTE, NOW, nonce, SECOND, serverToken } from '../../test/builders.ts';
import { learn } from './learn.ts';
import type { Outcome } from './outcome.ts';
import type { Step } from './step.ts';

const rewrite: Step = { do: 'rewrite', from: aLedger(), to: aLedger({ fence: 2 }) };
const wrote: Outcome = { got: 'secret', secret: aSecret({ seen: 'live', intact: true, asWanted: true }), wrote: true };
const lookUp = (number: number): Step => ({ do: 'lookUp', id: id(number) });
const said = (number: number, at = NOW): Outcome => ({ got: 'token', id: id(number), info: serverToken(number), at });

describe('a write of the Secret', () => {
  test('counts from when it was sent: an orphan that was made while it was under way may be younger', () => {
    expect(learn(given().issued().build(), rewrite, wrote, NOW + MINUTE, NOW).memory.ledgerWrittenAt).toBe(NOW);
  });

  test('that was no publication leaves the string that waits in memory', () => {
    const o = given()
      .issued()
      .memory({ pending: aPending(3) })
      .build();
    expect(learn(o, rewrite, wrote, NOW).memory.pending).toEqual(aPending(3));
    const { ledger } = aSecret();
    const publish: Step = { do: 'publish', pending: aPending(3), ledger: ledger! };
    expect(learn(o, publish, wrote, NOW).memory.pending).toBeUndefined();
  });

  test('is remembered as verified only if it is as wanted', () => {
    const o = given().issued().build();
    expect(learn(o, rewrite, wrote, NOW).memory.verified).toEqual({ resourceVersion: '10', layout: o.layout });
    const other: Outcome = {
      got: 'secret',
      secret: aSecret({ seen: 'live', intact: true, asWanted: false }),
      wrote: false,
    };
    expect(learn(o, { do: 'lookAtSecret' }, other, NOW).memory.verified).toBeUndefined();
  });

  test('that lost makes only a live look count, and asks for another rehearsal', () => {
    const o = given()
      .issued()
      .with({ looked: { object: true, rehearsed: true, tokens: {} } })
      .build();
    expect(learn(o, rewrite, { got: 'conflict' }, NOW)).toMatchObject({
      secret: { present: false, seen: 'cached', doubted: true },
      looked: { object: true, rehearsed: false },
    });
  });
});

describe('the server’s words', () => {
  test('about a token that was replaced do not push out what is known of the current one', () => {
    const superseded = [{ id: id(2), revokeAfter: NOW }];
    const known = learn(given().issued({ superseded }).build(), lookUp(1), said(1), NOW);
    expect(learn(known, lookUp(2), said(2), NOW).memory.server?.info.id).toBe(id(1));
  });

  test('that a token was revoked are never forgotten within a process', () => {
    const revoked: Outcome = { got: 'token', id: id(1), info: serverToken(1, { revokedAt: NOW }), at: NOW };
    const o = learn(given().issued().build(), lookUp(1), revoked, NOW);
    expect(learn(o, lookUp(1), revoked, NOW).memory.ended).toEqual([id(1)]);
  });

  test('that it knows no such token count from a list on that shows others of ours', () => {
    const gone: Outcome = { got: 'token', id: id(1), info: 'gone', at: NOW };
    const list = (begun: number, knowsUs: boolean): Outcome => ({
      got: 'inventory',
      inventory: { begun, finished: begun, knowsUs, tokens: [] },
    });
    const o = learn(given().issued().build(), lookUp(1), gone, NOW);
    const ended = (outcome: Outcome) => learn(o, { do: 'takeInventory' }, outcome, NOW).memory.ended;
    expect(ended(list(NOW, true))).toEqual([id(1)]);
    expect(ended(list(NOW, false))).toEqual([]);
    expect(ended(list(NOW - 1, true))).toEqual([]);
  });
});

test('an attempt whose answer was lost is settled by a list that was begun after it, and by no other', () => {
  const o = given()
    .memory({ unsettled: [{ attempt: nonce(1), at: NOW }] })
    .build();
  const settled = (begun: number) =>
    learn(
      o,
      { do: 'takeInventory' },
      { got: 'inventory', inventory: { begun, finished: NOW, knowsUs: true, tokens: [] } },
      NOW,
    ).memory.unsettled.length;
  expect([settled(NOW - SECOND), settled(NOW), settled(NOW + 1)]).toEqual([1, 1, 0]);
});
