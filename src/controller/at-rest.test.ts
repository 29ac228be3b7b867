import { beforeEach, expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { AtRest } from './at-rest.ts';

let clock: ManualClock;
let times: number[];
let rest: AtRest;

beforeEach(() => {
  clock = new ManualClock(0);
  times = [];
  rest = new AtRest(clock, () => void times.push(clock.now()));
});

test('without work nothing is done', async () => {
  await clock.advance(600_000);
  expect([times, clock.pending]).toEqual([[], 0]);
});

test('a stretch of work is followed by one action, once it is over', async () => {
  for (let second = 0; second < 30; second += 1) {
    rest.worked();
    await clock.advance(1_000);
  }
  await clock.advance(600_000);
  expect(times).toEqual([34_000]);
  expect(clock.pending).toBe(0);
});

test('work in drops leads to one action a minute at the most', async () => {
  for (let drop = 0; drop < 10; drop += 1) {
    rest.worked();
    await clock.advance(10_000);
  }
  await clock.advance(600_000);
  expect(times).toEqual([5_000, 65_000, 125_000]);
});

test('after the end nothing is done', async () => {
  rest.worked();
  rest.stop();
  await clock.advance(600_000);
  expect(times).toEqual([]);
});
