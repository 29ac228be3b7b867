import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { aLedger, DAY, given, HOUR, MINUTE, NOW, OBJECT_UID, SECOND } from '../../test/builders.ts';
import { formatDuration } from '../resources/duration.ts';
import type { Wanted } from './observed.ts';
import { endMatches, endOf, leastLife, overlapEnd, renewalAt } from './schedule.ts';

/** As Kubernetes makes them, but the same in every run. */
function uuid(at: number): string {
  return createHash('sha256')
    .update(String(at))
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const wanted = (change: Partial<Wanted> = {}): Wanted => ({ ...given().build().wanted!, ...change });

describe('the end of a token', () => {
  test('is a lifetime after its creation, in whole seconds', () => {
    expect(endOf(wanted({ lifetime: HOUR }), NOW + 999)).toBe(NOW + HOUR);
  });

  test('is what was asked for, or none', () => {
    expect(endOf(wanted({ expiresAt: NOW + DAY }), NOW)).toBe(NOW + DAY);
    expect(endOf(wanted(), NOW)).toBeUndefined();
  });

  test('matches what the spec asks for, or the token is issued again', () => {
    const ledger = aLedger({ issuedAt: NOW, expiresAt: NOW + HOUR });
    expect(endMatches(wanted({ lifetime: HOUR }), ledger)).toBe(true);
    expect(endMatches(wanted({ lifetime: 2 * HOUR }), ledger)).toBe(false);
    expect(endMatches(wanted({ expiresAt: NOW + HOUR }), ledger)).toBe(true);
    expect(endMatches(wanted({ expiresAt: NOW + DAY }), ledger)).toBe(false);
    expect(endMatches(wanted(), ledger)).toBe(false);
    expect(endMatches(wanted(), aLedger())).toBe(true);
  });
});

describe('a renewal', () => {
  test('is not due for a token without a lifetime', () => {
    expect(renewalAt(wanted(), aLedger(), OBJECT_UID)).toBeUndefined();
    expect(renewalAt(wanted({ expiresAt: NOW }), aLedger({ expiresAt: NOW }), OBJECT_UID)).toBeUndefined();
  });

  test('falls between birth and end, never at birth, for any lifetime and renewBefore, and the token that it brings matches', () => {
    const minutes = fc
      .integer({ min: 60, max: 600_000 })
      .chain((lifetime) =>
        fc.record({ lifetime: fc.constant(lifetime), renewBefore: fc.integer({ min: 1, max: lifetime - 1 }) }),
      );
    fc.assert(
      fc.property(minutes, fc.uuid(), fc.nat(999), ({ lifetime, renewBefore }, uid, fraction) => {
        const text = (value: number): string => formatDuration(value * 60_000);
        const spec = { lifetime: text(lifetime), rotation: { renewBefore: text(renewBefore) } };
        const asked = given().spec(spec).build().wanted!;
        const issuedAt = NOW;
        const expiresAt = endOf(asked, issuedAt + fraction)!;
        const ledger = aLedger({ issuedAt, expiresAt });
        const due = renewalAt(asked, ledger, uid)!;
        expect(due).toBeLessThan(expiresAt);
        expect(due).toBeGreaterThanOrEqual(issuedAt + leastLife(asked) - 1000);
        expect(due).toBeLessThanOrEqual(Math.max(expiresAt - renewBefore * 60_000, issuedAt + leastLife(asked)));
        expect(endMatches(asked, ledger)).toBe(true);
      }),
    );
  });

  test('is spread, so that tokens issued together do not renew together', () => {
    const asked = wanted({ lifetime: 720 * HOUR, renewBefore: 240 * HOUR });
    const ledger = aLedger({ issuedAt: NOW, expiresAt: NOW + 720 * HOUR });
    const dues = Array.from({ length: 100 }, (_, at) => renewalAt(asked, ledger, `uid-${at}`)!);
    expect(new Set(dues).size).toBeGreaterThan(90);
    expect(Math.max(...dues) - Math.min(...dues)).toBeGreaterThan(6 * HOUR);
  });

  test('of ten thousand tokens issued in the same second makes a trickle, not a flood', () => {
    const asked = wanted({ lifetime: 720 * HOUR, renewBefore: 240 * HOUR });
    const ledger = aLedger({ issuedAt: NOW, expiresAt: NOW + 720 * HOUR });
    const perMinute = new Map<number, number>();
    for (let at = 0; at < 10_000; at += 1) {
      const minute = Math.floor(renewalAt(asked, ledger, uuid(at))! / MINUTE);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    // Spread evenly over twelve hours they would be 14 a minute.
    expect(Math.max(...perMinute.values())).toBeLessThan(42);
  });
});

test('an overlap lasts as long as asked, else to the end of the old token, else a day', () => {
  expect(overlapEnd(wanted({ overlap: HOUR }), NOW + DAY, NOW)).toBe(NOW + HOUR + 2 * SECOND);
  expect(overlapEnd(wanted({ overlap: 0 }), undefined, NOW)).toBe(NOW);
  expect(overlapEnd(wanted(), NOW + 3 * DAY, NOW)).toBe(NOW + 3 * DAY + 2 * SECOND);
  expect(overlapEnd(wanted(), undefined, NOW)).toBe(NOW + DAY + 2 * SECOND);
});

test('an overlap to the own end of a token outlasts that end, though the clock of the server is known to a second only', () => {
  expect(overlapEnd(wanted(), NOW, NOW - HOUR)).toBeGreaterThan(NOW + SECOND);
});

test('an overlap is in whole seconds, as the ledger is, and never shorter than asked, though the write takes a second', () => {
  for (const fraction of [0, 1, 999]) {
    const end = overlapEnd(wanted({ overlap: HOUR }), undefined, NOW + fraction);
    expect(end % SECOND).toBe(0);
    expect(end).toBeGreaterThan(NOW + fraction + HOUR + SECOND);
  }
});
