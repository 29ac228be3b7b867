import { describe, expect, test } from '@jest/globals';

import { skewFromDate } from './clock-skew.ts';

const date = 'Thu, 01 Jan 2026 00:00:10 GMT';
const serverNow = Date.UTC(2026, 0, 1, 0, 0, 10, 500);

describe('skewFromDate', () => {
  test('compares the middle of the second named with the middle of the round trip', () => {
    expect(skewFromDate(date, serverNow - 60_000, serverNow - 58_000, 0)).toBe(59_000);
    expect(skewFromDate(date, serverNow + 58_000, serverNow + 60_000, 0)).toBe(-59_000);
  });

  test.each([0, 400, -400, 499])('stays at %d ms while no answer rules that out', (before) => {
    expect(skewFromDate(date, serverNow - 100, serverNow + 100, before)).toBe(before);
  });

  test('comes to rest within half a second of the truth, whenever in a second the answers come', () => {
    let skew = 0;
    const said = new Set<number>();
    for (let at = 0; at < 100; at += 1) {
      const ours = Date.UTC(2026, 0, 1) + at * 1_037;
      const server = new Date(ours + 42_250).toUTCString();
      skew = skewFromDate(server, ours - 5, ours + 5, skew);
      if (at >= 50) said.add(skew);
      expect(Math.abs(skew - 42_250)).toBeLessThanOrEqual(505);
    }
    expect(said.size).toBe(1);
  });

  test.each([
    ['no header', undefined, serverNow, serverNow],
    ['several headers', [date, date], serverNow, serverNow],
    ['a header that is no date', 'soon', serverNow, serverNow],
    ['a clock of ours that went backwards meanwhile', date, serverNow, serverNow - 1],
    ['an answer that took longer than ten seconds', date, serverNow - 10_001, serverNow],
    ['a server in another year', 'Thu, 01 Jan 1970 00:00:00 GMT', serverNow, serverNow],
  ])('learns nothing from %s', (_, header, sentAt, receivedAt) => {
    expect(skewFromDate(header, sentAt, receivedAt, 7_000_000)).toBe(7_000_000);
  });
});
