import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { PrivateFiles } from './private-files.ts';

/** No process has it: Linux gives out at most 2^22. */
const GONE = 2 ** 22 + 1;

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'private-files-'));
});

afterEach(() => rm(base, { recursive: true, force: true }));

test('a file and its directory are for the owner alone', async () => {
  const run = new PrivateFiles(base).open();
  const path = run.write('config.toml', 'secret');
  expect(await readFile(path, 'utf8')).toBe('secret');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(run.directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(run.directory, '..'))).mode & 0o777).toBe(0o700);
});

test('each run has a directory of its own, and takes only that with it', async () => {
  const files = new PrivateFiles(base);
  const [one, other] = [files.open(), files.open()];
  one.write('a', '');
  const kept = other.write('a', 'kept');
  one.remove();
  expect(await readFile(kept, 'utf8')).toBe('kept');
  files.close();
  expect(await readdir(base)).toEqual([]);
});

test('what a process that is gone has left is swept, also where it had our number', async () => {
  for (const pid of [GONE, process.pid]) {
    await mkdir(join(base, `influxtokens-${pid}-abc`));
    await writeFile(join(base, `influxtokens-${pid}-abc`, 'config.toml'), 'secret');
  }
  new PrivateFiles(base).close();
  expect(await readdir(base)).toEqual([]);
});

test('what a living process uses, a link and a name of others stay', async () => {
  const kept = [`influxtokens-${process.ppid}-abc`, 'influxtokens-abc', 'other'];
  for (const name of kept) await mkdir(join(base, name));
  await symlink(join(base, 'other'), join(base, `influxtokens-${GONE}-link`));
  new PrivateFiles(base).close();
  expect((await readdir(base)).toSorted()).toEqual([...kept, `influxtokens-${GONE}-link`].toSorted());
});
