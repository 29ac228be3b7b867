import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { HOUR, MINUTE, NOW } from '../../test/builders.ts';
import { MINTS_PER_HOUR, nextMintAt, noteMint } from './budget.ts';
import type { Mint } from './observed.ts';

const request = { generation: 1, nonces: '\n' };
const mints = (count: number, change: Partial<Mint> = {}): Mint[] =>
  Array.from({ length: count }, (_, at) => ({
    at: NOW - (count - at) * MINUTE,
    scheduled: false,
    ...request,
    ...change,
  }));

test('five mints within an hour are allowed, the sixth when the first of them is an hour old', () => {
  expect(nextMintAt(mints(4), request, NOW)).toBe(NOW);
  expect(nextMintAt(mints(5), request, NOW)).toBe(NOW - 5 * MINUTE + HOUR);
  expect(nextMintAt(mints(5), request, NOW - 5 * MINUTE + HOUR)).toBe(NOW - 5 * MINUTE + HOUR);
});

test('scheduled renewals do not count', () => {
  expect(nextMintAt(mints(50, { scheduled: true }), request, NOW)).toBe(NOW);
});

test('a changed spec or nonce allows one more at once, and no more than one', () => {
  for (const changed of [
    { ...request, generation: 2 },
    { ...request, nonces: 'a\n' },
  ]) {
    expect(nextMintAt(mints(5), changed, NOW)).toBe(NOW);
    const after = noteMint(mints(5), { at: NOW, scheduled: false, ...changed });
    expect(nextMintAt(after, changed, NOW)).toBeGreaterThan(NOW);
  }
});

test('for one request no hour ever sees more than five mints, whenever they are tried', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(HOUR), { maxLength: 60 }), (pauses) => {
      let now = NOW;
      let noted: readonly Mint[] = [];
      const made: number[] = [];
      for (const pause of pauses) {
        now += pause;
        if (nextMintAt(noted, request, now) > now) continue;
        noted = noteMint(noted, { at: now, scheduled: false, ...request });
        made.push(now);
      }
      for (const [at, first] of made.entries()) {
        const sixth = made[at + MINTS_PER_HOUR];
        expect(sixth === undefined || sixth - first >= HOUR).toBe(true);
      }
    }),
  );
});
