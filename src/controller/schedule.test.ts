import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Schedule } from './schedule.ts';

test('of two times for one key the earlier wins', () => {
  const schedule = new Schedule();
  schedule.set('key', 20);
  schedule.set('key', 10);
  schedule.set('key', 30);
  expect([schedule.size, schedule.earliest]).toEqual([1, 10]);
  expect(schedule.due(9)).toBeUndefined();
  expect(schedule.due(10)).toBe('key');
  expect([schedule.size, schedule.earliest, schedule.due(100)]).toEqual([0, undefined, undefined]);
});

test('it agrees with a plain map under any series of set, delete and due', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  const time = fc.nat(50);
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), key, time }),
    fc.record({ kind: fc.constant('delete' as const), key, time }),
    fc.record({ kind: fc.constant('due' as const), key, time }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const schedule = new Schedule();
      const model = new Map<string, number>();
      for (const { kind, key, time } of steps) {
        if (kind === 'set') {
          schedule.set(key, time);
          model.set(key, Math.min(time, model.get(key) ?? time));
        } else if (kind === 'delete') {
          schedule.delete(key);
          model.delete(key);
        } else {
          const earliest = Math.min(...model.values());
          const due = schedule.due(time);
          if (due === undefined ? earliest <= time : model.get(due) !== earliest)
            throw new Error(`wrongly due: ${due}`);
          if (due !== undefined) model.delete(due);
        }
        expect(schedule.size).toBe(model.size);
        expect(schedule.earliest ?? Infinity).toBe(Math.min(...model.values()));
      }
    }),
  );
});
