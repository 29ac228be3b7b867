import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['720h', 2_592_000_000],
    ['1h30m', 5_400_000],
    ['1m1h', 3_660_000],
    ['250ms', 250],
    ['1m250ms', 60_250],
    ['0s', 0],
  ])('reads %s as %i ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(['', ' ', '10', 'h', '-1h', '1.5h', '1h ', '1H', '1us', '1h30', '123456h', '1h1h1h1h1h', '1d12h', '1h\n'])(
    'refuses %j and says what to write',
    (text) => {
      expect(() => parseDuration(text)).toThrow(/is not a duration: write whole numbers with the units h, m, s or ms/);
    },
  );

  test.each([
    ['30d', '720h'],
    ['2w', '336h'],
    ['1y', '8760h'],
  ])('refuses %s with the hint to write %s', (text, better) => {
    expect(() => parseDuration(text)).toThrow(
      `"${text}" is not a duration: days, weeks and years are not known, write ${better}`,
    );
  });

  test('quotes only the beginning of an endless text, in one printable line', () => {
    expect(() => parseDuration(`\u001b[2J\n${'x'.repeat(10_000)}`)).toThrow(/^[ -~…]{1,200}$/);
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [5_400_000, '1h30m'],
    [61_001, '1m1s1ms'],
    [86_400_000, '24h'],
    [-1_000, '1s'],
    [999.6, '1s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test('what it writes is read as the same number again', () => {
    fc.assert(
      fc.property(fc.nat(99_999 * 3_600_000), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});
