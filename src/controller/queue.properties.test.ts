import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ManualClock } from '../../test/manual-clock.ts';
import { KeyedQueue } from './queue.ts';

const key = fc.constantFrom('a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1');
const step = fc.oneof(
  fc.record({
    kind: fc.constantFrom('add', 'resync', 'fail', 'forget', 'done') as fc.Arbitrary<string>,
    key,
    time: fc.constant(0),
  }),
  fc.record({ kind: fc.constantFrom('after', 'advance') as fc.Arbitrary<string>, key, time: fc.nat(500) }),
  fc.record({ kind: fc.constant('take'), key, time: fc.constant(0) }),
);

/** Two workers' worth of bookkeeping beside the queue: what is held, and what somebody still owes a look. */
async function run(steps: readonly { kind: string; key: string; time: number }[]): Promise<void> {
  const clock = new ManualClock();
  const queue = new KeyedQueue({ clock, groupOf: (key) => key.split('/')[0] ?? '', random: () => 0.5 });
  const held = new Set<string>();
  const owed = new Map<string, number>();
  const owe = (key: string, at: number): void => {
    owed.set(key, Math.min(at, owed.get(key) ?? at));
  };
  const take = async (): Promise<void> => {
    const taken = await queue.take();
    expect(held.has(taken!)).toBe(false);
    expect(owed.get(taken!)).toBeLessThanOrEqual(clock.now());
    held.add(taken!);
    owed.delete(taken!);
  };
  for (const { kind, key, time } of steps) {
    if (kind === 'add' || kind === 'resync') {
      queue.add(key, kind === 'add' ? 'change' : 'resync');
      owe(key, clock.now());
    } else if (kind === 'fail') {
      owe(key, clock.now() + queue.addFailed(key));
    } else if (kind === 'after') {
      queue.addAfter(key, time);
      owe(key, clock.now() + time);
    } else if (kind === 'forget') {
      queue.forget(key);
    } else if (kind === 'done') {
      queue.done(key);
      held.delete(key);
    } else if (kind === 'advance') {
      await clock.advance(time);
    } else if (queue.figures().depth > 0) {
      await take();
    }
    const due = [...owed].filter(([key, at]) => at <= clock.now() && !held.has(key));
    expect(queue.figures()).toMatchObject({ depth: due.length, processing: held.size });
  }
  for (const key of held) queue.done(key);
  held.clear();
  await clock.advance(600_000);
  while (queue.figures().depth > 0) await take();
  expect([owed.size, queue.figures().delayed]).toEqual([0, 0]);
}

test('every key that was added is looked at, when its time has come, once, and never by two workers', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), { numRuns: 300 });
});
