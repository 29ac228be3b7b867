import { expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { HOUR, MINUTE, NOW } from '../../test/builders.ts';
import { Newcomers } from './newcomers.ts';

const START = NOW - (NOW % MINUTE);

function noted(times: number) {
  const clock = new ManualClock(START);
  const newcomers = new Newcomers(clock);
  for (let n = 0; n < times; n += 1) newcomers.note('metrics/default');
  return { clock, newcomers };
}

test('five for each place under maxTokens are at once, the next when the first is an hour old', async () => {
  expect(noted(9).newcomers.nextAt('metrics/default', 2)).toBe(START);
  const { clock, newcomers } = noted(10);
  expect(newcomers.nextAt('metrics/default', 2)).toBe(START + HOUR);
  await clock.advance(HOUR);
  expect(newcomers.nextAt('metrics/default', 2)).toBe(START + HOUR);
  expect(newcomers.nextAt('metrics/default', 2)).toBe(clock.now());
});

test('a namespace pays for itself alone', () => {
  const { newcomers } = noted(100);
  expect(newcomers.nextAt('other/default', 1)).toBe(START);
  expect(newcomers.nextAt('metrics/other', 1)).toBe(START);
});

test('what came in other minutes counts until each is an hour old', async () => {
  const { clock, newcomers } = noted(3);
  await clock.advance(10 * MINUTE);
  newcomers.note('metrics/default');
  newcomers.note('metrics/default');
  expect(newcomers.nextAt('metrics/default', 1)).toBe(START + HOUR);
  await clock.advance(50 * MINUTE);
  expect(newcomers.nextAt('metrics/default', 1)).toBe(clock.now());
  for (let n = 0; n < 3; n += 1) newcomers.note('metrics/default');
  expect(newcomers.nextAt('metrics/default', 1)).toBe(START + 70 * MINUTE);
});

test('more than the limit, from several workers at once, waits for as many to grow old', async () => {
  const { clock, newcomers } = noted(5);
  await clock.advance(MINUTE);
  newcomers.note('metrics/default');
  // The five of the first minute leave one, and with it there is room again.
  expect(newcomers.nextAt('metrics/default', 1)).toBe(START + HOUR);
});
