import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { Controller, type Reconcile, type ReconcileOutcome } from './controller.ts';
import { KeyedQueue } from './queue.ts';

function setUp(reconcile: Reconcile, workers = 2) {
  const clock = new ManualClock();
  const queue = new KeyedQueue({ clock, random: () => 0 });
  const lines: { level: string; fields: object; message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const outcomes: [string, ReconcileOutcome, number][] = [];
  const observer = { reconciled: (...outcome: [string, ReconcileOutcome, number]) => void outcomes.push(outcome) };
  const controller = new Controller({ queue, reconcile, workers, clock, log, observer });
  return { clock, queue, controller, lines, outcomes };
}

/** A reconcile that ends when the test says so, or when it is aborted. */
function held() {
  const running: string[] = [];
  const finish = new Map<string, () => void>();
  const reconcile: Reconcile = (key, signal) =>
    new Promise((resolve, reject) => {
      running.push(key);
      finish.set(key, () => {
        resolve({});
      });
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  return { running, finish, reconcile };
}

test('every key in the queue is reconciled, those added before the start included', async () => {
  const seen: string[] = [];
  const { clock, queue, controller } = setUp((key) => Promise.resolve(seen.push(key)).then(() => ({})));
  queue.add('before');
  controller.start();
  queue.add('after');
  await clock.settle();
  expect(seen).toEqual(['before', 'after']);
  expect(queue.figures()).toMatchObject({ depth: 0, processing: 0, delayed: 0 });
});

test('as many keys run at the same time as there are workers, and one that hangs holds up none but its own worker', async () => {
  const { running, finish, reconcile } = held();
  const { clock, queue, controller } = setUp(reconcile, 2);
  for (const key of ['hangs', '1', '2', '3']) queue.add(key);
  controller.start();
  await clock.settle();
  expect(running).toEqual(['hangs', '1']);
  for (const key of ['1', '2', '3']) {
    finish.get(key)?.();
    await clock.settle();
  }
  expect(running).toEqual(['hangs', '1', '2', '3']);
  expect(queue.figures()).toMatchObject({ depth: 0, processing: 1 });
});

test('everything else gets its turn while thousands of keys need nothing that has to be waited for', async () => {
  const { queue, controller, outcomes } = setUp(() => Promise.resolve({}), 16);
  for (let key = 0; key < 1_000; key += 1) queue.add(String(key));
  controller.start();
  await turn();
  const afterOneTurn = outcomes.length;
  expect(afterOneTurn).toBeLessThan(100);
  while (outcomes.length < 1_000) await turn();
  expect(queue.figures()).toMatchObject({ depth: 0 });
});

test('a key whose result asks for it comes back at that time', async () => {
  const { clock, queue, controller, outcomes } = setUp(() => Promise.resolve({ requeueAfter: 60_000 }));
  controller.start();
  queue.add('key');
  await clock.advance(59_999);
  expect(outcomes).toHaveLength(1);
  await clock.advance(1);
  expect(outcomes).toEqual([
    ['key', 'requeued', 0],
    ['key', 'requeued', 0],
  ]);
});

test('a later result takes the place of an earlier wish', async () => {
  const wishes = [{ requeueAfter: 1_000 }, {}];
  const { clock, queue, controller, outcomes } = setUp(() => Promise.resolve(wishes.shift() ?? {}));
  controller.start();
  queue.add('key');
  await clock.settle();
  queue.add('key');
  await clock.advance(10_000);
  expect(outcomes.map(([, outcome]) => outcome)).toEqual(['requeued', 'success']);
});

test('an error is logged with its key and leads to another try after a growing wait, and a success ends the growth', async () => {
  let failures = 3;
  const { clock, queue, controller, lines, outcomes } = setUp(() =>
    failures-- > 0 ? Promise.reject(new Error('no luck')) : Promise.resolve({}),
  );
  controller.start();
  queue.add('key');
  await clock.advance(4 + 10 + 20);
  expect(outcomes.map(([, outcome]) => outcome)).toEqual(['error', 'error', 'error']);
  await clock.advance(1);
  expect(outcomes.at(-1)?.[1]).toBe('success');
  expect(
    lines.map(({ level, fields }) => [level, 'retryInMilliseconds' in fields && fields.retryInMilliseconds]),
  ).toEqual([
    ['error', 5],
    ['error', 10],
    ['error', 20],
  ]);
  expect(lines[0]?.fields).toMatchObject({ key: 'key', err: new Error('no luck') });
  expect(queue.addFailed('key')).toBe(5);
});

test('a reconciler that throws before its first await is no different', async () => {
  const { clock, queue, controller, outcomes } = setUp(() => {
    throw new Error('at once');
  });
  controller.start();
  queue.add('key');
  await clock.settle();
  expect(outcomes).toEqual([['key', 'error', 0]]);
});

test('stop lets what is running finish, and starts nothing more', async () => {
  const { running, finish, reconcile } = held();
  const { clock, queue, controller, outcomes, lines } = setUp(reconcile, 1);
  controller.start();
  queue.add('running');
  queue.add('waiting');
  await clock.settle();
  const stopped = controller.stop();
  await clock.advance(1_000);
  finish.get('running')?.();
  await stopped;
  expect([running, outcomes]).toEqual([['running'], [['running', 'success', 1_000]]]);
  expect([controller.running, lines, clock.pending]).toEqual([false, [], 0]);
});

test('after the grace period stop aborts what is still running, which is neither logged as an error nor retried', async () => {
  const { reconcile } = held();
  const { clock, queue, controller, outcomes, lines } = setUp(reconcile);
  controller.start();
  queue.add('key');
  await clock.settle();
  const stopped = controller.stop(3_000);
  await clock.advance(2_999);
  expect(outcomes).toEqual([]);
  await clock.advance(1);
  await stopped;
  expect([outcomes, lines, queue.figures().delayed]).toEqual([[['key', 'aborted', 3_000]], [], 0]);
});

test('a lost leadership aborts at once', async () => {
  const { reconcile } = held();
  const { clock, queue, controller, outcomes } = setUp(reconcile);
  controller.start();
  queue.add('key');
  await clock.settle();
  await controller.stop(0);
  expect(outcomes).toEqual([['key', 'aborted', 0]]);
});

test('a reconciler that ignores its signal does not keep the process from ending', async () => {
  const { clock, queue, controller, lines } = setUp(() => new Promise(() => undefined));
  controller.start();
  queue.add('key');
  await clock.settle();
  const stopped = controller.stop(0);
  await clock.advance(1_000);
  await stopped;
  expect(lines).toMatchObject([{ level: 'warn', fields: { left: 1 } }]);
});
