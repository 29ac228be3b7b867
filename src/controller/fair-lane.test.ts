import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FairLane } from './fair-lane.ts';

function drain<T>(lane: FairLane<T>): T[] {
  const items: T[] = [];
  for (let item = lane.shift(); item !== undefined; item = lane.shift()) items.push(item);
  return items;
}

test('groups take turns, and within a group the first in is the first out', () => {
  const lane = new FairLane<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) lane.push(item.charAt(0), item);
  expect(drain(lane)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('a single item of one group waits for one item of another, not for ten thousand', () => {
  const lane = new FairLane<string>();
  for (let i = 0; i < 10_000; i++) lane.push('crowd', `crowd-${i}`);
  lane.push('alone', 'alone');
  expect([lane.shift(), lane.shift()]).toEqual(['crowd-0', 'alone']);
});

test('whatever is pushed comes out once, in order within its group, and no group is passed over twice', () => {
  const pushes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()));
  fc.assert(
    fc.property(pushes, (steps) => {
      const lane = new FairLane<{ group: string; number: number }>();
      const model = new Map<string, number[]>();
      const skipped = new Map<string, Set<string>>();
      const shift = (): void => {
        const item = lane.shift();
        expect(item === undefined).toBe([...model.values()].every((numbers) => numbers.length === 0));
        if (!item) return;
        if (model.get(item.group)?.shift() !== item.number) throw new Error('out of order');
        skipped.delete(item.group);
        for (const [group, numbers] of model) {
          if (group === item.group || numbers.length === 0) continue;
          const by = skipped.get(group) ?? new Set();
          if (by.has(item.group)) throw new Error(`${group} was passed over twice by ${item.group}`);
          skipped.set(group, by.add(item.group));
        }
      };
      steps.forEach(([group, alsoShift], number) => {
        lane.push(group, { group, number });
        model.set(group, [...(model.get(group) ?? []), number]);
        if (alsoShift) shift();
      });
      for (let i = 0; i <= steps.length; i++) shift();
    }),
  );
});
