import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';

import { learn } from '../../src/tokens/learn.ts';
import { readLedger } from '../../src/tokens/ledger.ts';
import { plan } from '../../src/tokens/plan.ts';
import { DAY, HOUR, MINUTE } from '../builders.ts';
import { Years, type Disturbance, type Life } from '../model/year.ts';

const TOKENS = 1_000;

/** One of three asks for each; the last keeps an old token to its own end. */
const OVERLAPS = ['24h', '90m', undefined] as const;
const ASKED = [24 * HOUR, 90 * MINUTE, undefined] as const;

const names = Array.from({ length: TOKENS }, (_, at) => `token-${at}`);
const year = new Years({ plan, learn });
const start = year.world.now;
const end = start + 365 * DAY;
/** The cluster is down for a day in spring. */
const DOWN = start + 99 * DAY;
const UP = start + 100 * DAY;

beforeAll(() => {
  names.forEach((name, at) => {
    const overlap = OVERLAPS[at % 3];
    year.apply(name, uidOf(name), { lifetime: '720h', rotation: overlap === undefined ? {} : { overlap } });
  });
  year.pass(end, disturbances());
});

/** The outage, and an operator that begins anew every 29 days. */
function disturbances(): Disturbance[] {
  const restarts = Array.from({ length: 12 }, (_, at) => ({
    at: start + (at + 1) * 29 * DAY + 5 * HOUR,
    what: 'the operator begins anew' as const,
  }));
  const outage: Disturbance[] = [
    { at: DOWN, what: 'the cluster is down' },
    { at: UP, what: 'the cluster is up' },
  ];
  return [...restarts, ...outage].toSorted((one, other) => one.at - other.at);
}

/** As random as the UIDs of Kubernetes, but the same in every run. */
function uidOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** Each pair of a token and its successor, of every object. */
function successions(): { life: Life; next: Life; overlap: number | undefined }[] {
  return names.flatMap((name, at) => {
    const lives = year.lives(uidOf(name));
    return lives.slice(1).map((next, before) => ({ life: lives[before]!, next, overlap: ASKED[at % 3] }));
  });
}

describe(`a year of ${TOKENS} tokens that live for thirty days`, () => {
  test('is 18 or 19 tokens for each object', () => {
    const counts = names.map((name) => year.lives(uidOf(name)).length);
    expect(new Set(counts).difference(new Set([18, 19]))).toEqual(new Set());
    expect(year.world.tokens.size).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  test('leaves nothing alive but the token in the Secret and the one in its overlap', () => {
    for (const name of names) {
      const ledger = readLedger(year.world.secrets.get(name)?.metadata.annotations ?? {});
      const inOverlap = (ledger?.superseded ?? []).filter(({ revokeAfter }) => revokeAfter > end);
      const alive = year.lives(uidOf(name)).filter(({ endedAt }) => endedAt > end);
      const named = new Set([ledger?.tokenID, ...inOverlap.map(({ id }) => id)]);
      expect(alive.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
      expect(alive.map(({ id }) => id)).toContain(ledger?.tokenID);
    }
  });

  test('never ends an overlap earlier than asked, nor much later', () => {
    for (const { life, next, overlap } of successions()) {
      const asked = overlap === undefined ? life.expiresAt : next.writtenAt! + overlap;
      if (asked > end) continue;
      expect(life.endedAt).toBeGreaterThanOrEqual(asked);
      // What fell due during the outage is made up for when it is over, one object after the other.
      const possible = asked > DOWN && asked < UP ? UP + HOUR : asked;
      expect(life.endedAt).toBeLessThan(possible + MINUTE);
    }
  });

  test('refuses no application: the token in the Secret is always taken, and so is the last one in its overlap', () => {
    for (const name of names) {
      const [first, ...later] = year.lives(uidOf(name));
      expect(first?.writtenAt).toBeLessThan(start + 10 * MINUTE);
      // What a Secret holds works from the moment it is written, but for the first token, which nobody had before.
      for (const { activeAt, writtenAt } of later) expect(activeAt).toBeLessThanOrEqual(writtenAt!);
    }
    for (const { life, next } of successions()) expect(life.endedAt).toBeGreaterThan(next.writtenAt!);
  });

  test('spreads the renewals of tokens that were applied together, and keeps them spread', () => {
    const perHour = new Map<number, number>();
    for (const { next } of successions()) {
      const hour = Math.floor(next.writtenAt! / HOUR);
      // What fell due during the outage is made up for at once.
      if (hour !== UP / HOUR) perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
    }
    expect(Math.max(...perHour.values())).toBeLessThan(TOKENS / 5);
  });
});
