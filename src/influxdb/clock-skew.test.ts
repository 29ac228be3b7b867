import { describe, expect, test } from '@jest/globals';

import { skewFromDate } from './clock-skew.ts';

const date = 'Thu, 01 Jan 2026 00:00:10 GMT';
const serverNow = Date.UTC(2026, 0, 1, 0, 0, 10, 500);

describe('skewFromDate', () => {
  test('compares the middle of the second named with the middle of the round trip', () => {
    expect(skewFromDate(date, serverNow - 100, serverNow + 100)).toBe(0);
    expect(skewFromDate(date, serverNow - 60_000, serverNow - 58_000)).toBe(59_000);
    expect(skewFromDate(date, serverNow + 58_000, serverNow + 60_000)).toBe(-59_000);
  });

  test.each([
    ['no header', undefined, serverNow, serverNow],
    ['several headers', [date, date], serverNow, serverNow],
    ['a header that is no date', 'soon', serverNow, serverNow],
    ['a clock of ours that went backwards meanwhile', date, serverNow, serverNow - 1],
    ['an answer that took longer than ten seconds', date, serverNow - 10_001, serverNow],
    ['a server in another year', 'Thu, 01 Jan 1970 00:00:00 GMT', serverNow, serverNow],
  ])('says nothing for %s', (_, header, sentAt, receivedAt) => {
    expect(skewFromDate(header, sentAt, receivedAt)).toBeUndefined();
  });
});
