import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { backoff } from './backoff.ts';

const bounds = { least: 5, most: 300_000 };

test('it doubles from the least to the most', () => {
  const waits = [1, 2, 3, 10, 16, 17, 18, 5_000].map((failures) => backoff(failures, bounds, () => 0));
  expect(waits).toEqual([5, 10, 20, 2_560, 163_840, 300_000, 300_000, 300_000]);
});

test('chance takes off up to a third, also at the most, and never leads out of the bounds', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), chance, (failures, random) => {
      const wait = backoff(failures, bounds, () => random);
      const whole = backoff(failures, bounds, () => 0);
      expect(wait).toBeGreaterThanOrEqual(Math.max(bounds.least, (whole * 2) / 3 - 1e-9));
      expect(wait).toBeLessThanOrEqual(whole);
    }),
  );
});
