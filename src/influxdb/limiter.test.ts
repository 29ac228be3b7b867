import { describe, expect, test } from '@jest/globals';

import { Limiter } from './limiter.ts';

/** A task that ends when told to, and says when it began. */
function task(): { run: () => Promise<void>; begun: () => boolean; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = false;
  const run = (): Promise<void> => {
    begun = true;
    return promise;
  };
  return { run, begun: () => begun, end: () => resolve() };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Limiter', () => {
  test('runs so many at a time, the others in order', async () => {
    const limiter = new Limiter(2);
    const tasks = [task(), task(), task(), task()];
    const all = Promise.all(tasks.map(({ run }) => limiter.run(run)));
    await settle();
    expect(tasks.map(({ begun }) => begun())).toEqual([true, true, false, false]);
    tasks[1]?.end();
    await settle();
    expect(tasks.map(({ begun }) => begun())).toEqual([true, true, true, false]);
    for (const { end } of tasks) end();
    await all;
    expect(tasks[3]?.begun()).toBe(true);
  });

  test('a task that fails makes room as well', async () => {
    const limiter = new Limiter(1);
    await expect(limiter.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(limiter.run(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  test('a waiting task whose signal fires never runs, and takes no place', async () => {
    const limiter = new Limiter(1);
    const [first, second, third] = [task(), task(), task()];
    const running = limiter.run(first.run);
    const abort = new AbortController();
    const waiting = limiter.run(second.run, abort.signal);
    const last = limiter.run(third.run);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    first.end();
    third.end();
    await Promise.all([running, last]);
    expect([second.begun(), third.begun()]).toEqual([false, true]);
  });

  test('a signal that has fired already keeps a task from running', async () => {
    const limiter = new Limiter(1);
    await expect(limiter.run(task().run, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    await expect(limiter.run(() => Promise.resolve(1))).resolves.toBe(1);
  });

  test('that is made larger lets in more at once, and that is made smaller lets those that run go on', async () => {
    const limiter = new Limiter(2);
    const tasks = [task(), task(), task(), task()];
    const all = Promise.all(tasks.map(({ run }) => limiter.run(run)));
    limiter.resize(3);
    await settle();
    expect(tasks.map(({ begun }) => begun())).toEqual([true, true, true, false]);
    limiter.resize(1);
    tasks[0]?.end();
    tasks[1]?.end();
    await settle();
    expect(limiter.running).toBe(1);
    expect(tasks[3]?.begun()).toBe(false);
    for (const { end } of tasks) end();
    await all;
  });

  test('turns away those that wait, and nobody else', async () => {
    const limiter = new Limiter(1);
    const [first, second, third] = [task(), task(), task()];
    const running = limiter.run(first.run);
    const waiting = limiter.run(second.run);
    limiter.turnAway(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
    const later = limiter.run(third.run);
    first.end();
    third.end();
    await Promise.all([running, later]);
    expect([second.begun(), third.begun()]).toEqual([false, true]);
  });
});
