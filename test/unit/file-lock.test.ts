import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { withFileLock } from '../file-lock.ts';

describe('a lock between processes', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'influxtokens-lock-'));
    path = join(directory, 'lock');
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('lets one at a time through and leaves no file behind', async () => {
    let inside = 0;
    const work = async (answer: number): Promise<number> => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise(setImmediate);
      inside -= 1;
      return answer;
    };
    const answers = await Promise.all([1, 2].map((answer) => withFileLock(path, () => work(answer))));
    expect(answers).toEqual([1, 2]);
    expect(existsSync(path)).toBe(false);
  });

  test('is released when the work fails', async () => {
    await expect(withFileLock(path, () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
    expect(await withFileLock(path, () => Promise.resolve('next'))).toBe('next');
  });

  test('is waited for no longer than the one who waits wants to, and stays with its holder', async () => {
    await writeFile(path, String(process.pid));
    const waiting = new AbortController();
    const never = withFileLock(path, () => Promise.resolve('mine'), waiting.signal);
    setImmediate(() => waiting.abort());
    await expect(never).rejects.toThrow('aborted');
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('of a process that died is overruled', async () => {
    const { pid } = spawnSync('true');
    await writeFile(path, String(pid));
    expect(await withFileLock(path, () => Promise.resolve('mine'))).toBe('mine');
  });
});
