import { expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { Gathered } from './gathered.ts';

test('a burst is handed on once for each key, after the delay, and the next burst again', async () => {
  const clock = new ManualClock();
  const handed: string[] = [];
  const gathered = new Gathered(clock, 1_000, (key) => void handed.push(key));
  for (const key of ['a', 'b', 'a', 'a']) gathered.add(key);
  await clock.advance(999);
  gathered.add('a');
  expect(handed).toEqual([]);
  await clock.advance(1);
  expect(handed).toEqual(['a', 'b']);
  gathered.add('a');
  await clock.advance(1_000);
  expect(handed).toEqual(['a', 'b', 'a']);
});
