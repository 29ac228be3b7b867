import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { KeyedQueue } from './queue.ts';

function setUp() {
  const clock = new ManualClock();
  const queue = new KeyedQueue({ clock, groupOf: (key) => key.split('/')[0] ?? '', random: () => 0 });
  return { clock, queue };
}

/** What is given out at once, until the queue has nothing to give. */
async function takeAll(queue: KeyedQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.figures().depth > 0) keys.push((await queue.take()) ?? 'shut down');
  return keys;
}

describe('a key', () => {
  test('waits once, however often it is added', async () => {
    const { queue } = setUp();
    queue.add('a/1');
    queue.add('a/1');
    queue.add('a/1', 'resync');
    expect(await takeAll(queue)).toEqual(['a/1']);
  });

  test('that changes while a worker holds it is given out again, but only after the worker is done', async () => {
    const { queue } = setUp();
    queue.add('a/1');
    await queue.take();
    queue.add('a/1');
    queue.add('a/1');
    expect(queue.figures()).toMatchObject({ depth: 0, processing: 1 });
    queue.done('a/1');
    expect(await takeAll(queue)).toEqual(['a/1']);
    queue.done('a/1');
    expect(queue.figures()).toMatchObject({ depth: 0, processing: 0 });
  });

  test('that is held keeps no other key waiting', async () => {
    const { queue } = setUp();
    for (const key of ['a/1', 'a/2', 'b/1']) queue.add(key);
    await queue.take();
    queue.add('a/1');
    expect(await takeAll(queue)).toEqual(['b/1', 'a/2']);
  });

  test('goes to the worker that has waited longest', async () => {
    const { queue } = setUp();
    const takes = [queue.take(), queue.take()];
    queue.add('a/1');
    queue.add('a/2');
    expect(await Promise.all(takes)).toEqual(['a/1', 'a/2']);
  });
});

describe('order', () => {
  test('changes go before resyncs', async () => {
    const { queue } = setUp();
    queue.add('a/resync', 'resync');
    queue.add('a/change');
    expect(await takeAll(queue)).toEqual(['a/change', 'a/resync']);
  });

  test('a waiting resync becomes a change when the key changes, and is not given out twice', async () => {
    const { queue } = setUp();
    for (const key of ['a/1', 'a/2', 'a/3']) queue.add(key, 'resync');
    queue.add('a/3');
    expect(await takeAll(queue)).toEqual(['a/3', 'a/1', 'a/2']);
  });

  test('a waiting change stays one when a resync comes by', async () => {
    const { queue } = setUp();
    queue.add('a/1', 'resync');
    queue.add('a/2');
    queue.add('a/2', 'resync');
    expect(await queue.take()).toBe('a/2');
  });

  test('an endless flood of changes leaves every fourth turn to resyncs', async () => {
    const { queue } = setUp();
    for (let i = 0; i < 20; i++) queue.add(`flood/${i}`);
    queue.add('a/1', 'resync');
    queue.add('a/2', 'resync');
    const keys = await takeAll(queue);
    expect([keys.indexOf('a/1'), keys.indexOf('a/2')]).toEqual([3, 7]);
  });

  test('ten thousand keys of one namespace do not delay the single key of another', async () => {
    const { queue } = setUp();
    for (let i = 0; i < 10_000; i++) queue.add(`crowd/${i}`);
    queue.add('alone/1');
    expect([await queue.take(), await queue.take()]).toEqual(['crowd/0', 'alone/1']);
  });
});

describe('delays', () => {
  test('a key comes when its time has come, not before', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a/1', 1_000);
    await clock.advance(999);
    expect(queue.figures()).toMatchObject({ depth: 0, delayed: 1 });
    await clock.advance(1);
    expect(queue.figures()).toMatchObject({ depth: 1, delayed: 0 });
  });

  test('the earliest of several times wins', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a/1', 3_000);
    queue.addAfter('a/1', 1_000);
    queue.addAfter('a/1', 2_000);
    await clock.advance(1_000);
    expect(await takeAll(queue)).toEqual(['a/1']);
    queue.done('a/1');
    await clock.advance(10_000);
    expect(queue.figures()).toMatchObject({ depth: 0, delayed: 0 });
  });

  test('a run drops the time set before it, and a time set during it stands', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a/1', 1_000);
    queue.add('a/1');
    await queue.take();
    expect(queue.figures().delayed).toBe(0);
    queue.addAfter('a/1', 2_000);
    queue.done('a/1');
    await clock.advance(1_999);
    expect(queue.figures().depth).toBe(0);
    await clock.advance(1);
    expect(queue.figures().depth).toBe(1);
  });

  test('rescheduling a month ahead with every run leaves one entry and one timer', async () => {
    const { clock, queue } = setUp();
    for (let run = 0; run < 1_000; run++) {
      queue.add('a/1');
      await queue.take();
      queue.addAfter('a/1', 30 * 86_400_000);
      queue.done('a/1');
    }
    expect([queue.figures().delayed, clock.pending]).toEqual([1, 1]);
  });

  test('nothing, or less than nothing, means now', async () => {
    const { queue } = setUp();
    queue.addAfter('a/1', 0);
    queue.addAfter('a/2', -5);
    expect(await takeAll(queue)).toEqual(['a/1', 'a/2']);
  });
});

describe('failures', () => {
  test('the wait doubles with each, from 5 ms to 5 min, until the key is forgotten', () => {
    const { queue } = setUp();
    const waits = Array.from({ length: 18 }, () => queue.addFailed('a/1'));
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(waits.at(-1)).toBe(300_000);
    expect(queue.addFailed('a/2')).toBe(5);
    queue.forget('a/1');
    expect(queue.addFailed('a/1')).toBe(5);
  });

  test('another try goes behind what is new, so that an outage of one cluster does not delay the users of others', async () => {
    const { clock, queue } = setUp();
    queue.addFailed('a/failing');
    await clock.advance(5);
    queue.add('a/new');
    expect(await takeAll(queue)).toEqual(['a/new', 'a/failing']);
  });

  test('a change does not wait for the back-off', async () => {
    const { clock, queue } = setUp();
    for (let i = 0; i < 20; i++) queue.addFailed('a/1');
    await clock.settle();
    queue.add('a/1');
    expect(await takeAll(queue)).toEqual(['a/1']);
  });
});

describe('the end', () => {
  test('a fired signal gives the worker undefined, and the key to another worker', async () => {
    const { queue } = setUp();
    const stop = new AbortController();
    const stopped = queue.take(stop.signal);
    const other = queue.take();
    stop.abort();
    queue.add('a/1');
    expect(await Promise.all([stopped, other])).toEqual([undefined, 'a/1']);
    expect(await queue.take(stop.signal)).toBeUndefined();
  });

  test('a shutdown ends every wait, takes nothing more and leaves no timer', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a/1', 1_000);
    const take = queue.take();
    queue.shutdown();
    queue.add('a/2');
    queue.addAfter('a/3', 1);
    expect(await Promise.all([take, queue.take()])).toEqual([undefined, undefined]);
    expect([clock.pending, queue.figures().depth, queue.figures().delayed]).toEqual([0, 0, 0]);
  });

  test('a shutdown with a key still held lets the worker finish', async () => {
    const { queue } = setUp();
    queue.add('a/1');
    await queue.take();
    queue.add('a/1');
    queue.shutdown();
    queue.done('a/1');
    expect(queue.figures()).toMatchObject({ depth: 0, processing: 0 });
  });
});

test('the figures tell how long the oldest key has waited and how long the longest run has lasted', async () => {
  const { clock, queue } = setUp();
  queue.add('a/1');
  await clock.advance(10);
  queue.add('a/2');
  queue.add('a/1', 'resync');
  await clock.advance(5);
  expect(queue.figures()).toMatchObject({ depth: 2, oldestAge: 15, longestRun: 0 });
  await queue.take();
  await clock.advance(7);
  expect(queue.figures()).toMatchObject({ depth: 1, oldestAge: 12, longestRun: 7 });
});
