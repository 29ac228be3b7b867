import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { writeCommand } from '../../test/influxctl/script.ts';
import { waitFor } from '../../test/wait.ts';
import { systemClock } from '../controller/clock.ts';
import { CommandRunner, NotStarted, type Command } from './command-runner.ts';

const LONG = 60_000;

let directory: string;
let runner: CommandRunner;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-runner-'));
  runner = new CommandRunner(systemClock);
});

afterEach(async () => {
  runner.killAll();
  await rm(directory, { recursive: true, force: true });
});

async function command(code: string, change: Partial<Command> = {}): Promise<Command> {
  const file = await writeCommand(directory, code);
  return { file, args: [], environment: {}, directory, limit: LONG, ...change };
}

/** Writes its number and that of a child that ignores everything into a file, and waits for ever. */
const FAMILY = `
  import { spawn } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  console.log('waiting');
  writeFileSync('pids', [process.pid, child.pid].join(' '));
  setInterval(() => {}, 1000);
`;

async function family(): Promise<number[]> {
  const pids = await waitFor(
    async () => (await readFile(join(directory, 'pids'), 'utf8').catch(() => '')) || undefined,
    {
      what: 'the processes',
    },
  );
  return pids.split(' ').map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function expectGone(pids: readonly number[]): Promise<void> {
  await waitFor(() => !pids.some(isAlive), { what: 'the end of all processes' });
}

describe('a command', () => {
  test('gets its arguments as they are, the environment that it is given, and no input', async () => {
    const code = `
      import { readFileSync } from 'node:fs';
      console.log(JSON.stringify([process.argv.slice(2), process.env, readFileSync(0, 'utf8')]));
      console.error('warning');
      process.exitCode = 3;`;
    const args = ['a b', '$HOME `id`', '--x=";"', ''];
    const { stdout, stderr, ...rest } = await runner.run(await command(code, { args, environment: { HOME: '/x' } }));
    expect(JSON.parse(stdout.toString())).toEqual([args, { HOME: '/x' }, '']);
    expect(stderr.toString()).toBe('warning\n');
    expect(rest).toEqual({ ended: 'exited', code: 3 });
  });

  test('that is not there is told by its code', async () => {
    const running = runner.run({ file: join(directory, 'none'), args: [], environment: {}, directory, limit: LONG });
    await expect(running).rejects.toEqual(new NotStarted('ENOENT'));
  });

  test('that hangs is killed with all that it started', async () => {
    const result = await runner.run(await command(FAMILY, { limit: 3_000 }));
    expect(result).toMatchObject({ ended: 'tooSlow', stdout: Buffer.from('waiting\n') });
    await expectGone(await family());
  });

  test('whose caller gives up is killed with all that it started', async () => {
    const gaveUp = new AbortController();
    const running = runner.run(await command(FAMILY, { signal: gaveUp.signal }));
    const pids = await family();
    gaveUp.abort();
    expect(await running).toMatchObject({ ended: 'aborted' });
    await expectGone(pids);
  });

  test('is not begun for a caller who has given up already', async () => {
    await expect(runner.run(await command('', { signal: AbortSignal.abort(new Error('no')) }))).rejects.toThrow('no');
  });

  test('that ends and leaves a child behind does not hold us up', async () => {
    const code = FAMILY.replace('setInterval(() => {}, 1000);\n', 'process.exit(0);\n');
    expect(await runner.run(await command(code))).toMatchObject({ ended: 'exited', code: 0 });
    await expectGone(await family());
  });

  test('that prints without end is killed', async () => {
    const code = `for (;;) { const { writeSync } = await import('node:fs'); writeSync(1, Buffer.alloc(1 << 20)); }`;
    expect(await runner.run(await command(code))).toMatchObject({ ended: 'tooLarge' });
  });

  test('is killed when everything ends', async () => {
    const running = runner.run(await command(FAMILY));
    const pids = await family();
    runner.killAll();
    expect((await running).code).toBeUndefined();
    await expectGone(pids);
  });
});
