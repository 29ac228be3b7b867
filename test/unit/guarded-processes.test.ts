import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { GuardedProcesses } from '../guarded-processes.ts';

describe('guarded processes', () => {
  let processes: GuardedProcesses;

  beforeEach(async () => {
    processes = await GuardedProcesses.create('influxtokens-guarded');
  });
  afterEach(() => processes.end());

  const shell = (script: string): Parameters<GuardedProcesses['start']>[0] => ({
    name: 'it',
    command: '/bin/sh',
    args: ['-c', script],
  });

  test('write what they say to a log in their folder, and see no credentials of the user', async () => {
    process.env.A_SECRET = 'of the user';
    const it = await processes.start(shell('pwd; env; echo problem >&2'));
    delete process.env.A_SECRET;
    expect(await it.ended).toBe('ended with exit code 0');
    const log = await readFile(join(processes.directory, 'it.log'), 'utf8');
    expect(log).toContain(`${processes.directory}\n`);
    expect(log).toContain('problem');
    expect(log).not.toContain('of the user');
  });

  test('that end before they are ready are told of, with their last words', async () => {
    const it = await processes.start(shell('echo farewell; exit 3'));
    await expect(it.ready(async () => false, 10_000)).rejects.toThrow(
      'it ended with exit code 3; its last words:\nfarewell',
    );
  });

  test('that take too long are told of, with their last words', async () => {
    const it = await processes.start(shell('echo patience; exec sleep 60'));
    const said = async (): Promise<boolean> => (await readFile(join(processes.directory, 'it.log'), 'utf8')) !== '';
    await it.ready(said, 10_000);
    await expect(it.ready(async () => false, 1)).rejects.toThrow('it is not ready; its last words:\npatience');
  });

  test('a command that does not exist is an error at once', async () => {
    await expect(processes.start({ name: 'it', command: '/no/such', args: [] })).rejects.toThrow('ENOENT');
  });

  test('end at once with all they started when told to, which may be said twice', async () => {
    const it = await processes.start(shell('trap "" TERM; sleep 60 & echo $!; wait'));
    const log = join(processes.directory, 'it.log');
    await it.ready(async () => (await readFile(log, 'utf8')).endsWith('\n'), 10_000);
    const grandchild = (await readFile(log, 'utf8')).trim();
    await processes.end();
    await processes.end();
    expect(await it.ended).toBe('was ended by SIGKILL');
    expect(existsSync(processes.directory)).toBe(false);
    // Dead, if not yet reaped.
    expect(spawnSync('ps', ['-o', 'stat=', '-p', grandchild], { encoding: 'utf8' }).stdout).toMatch(/^(Z|$)/);
  });
});
