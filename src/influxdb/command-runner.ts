// Runs another program so that it can neither outlive its time nor hold us up, whatever it does.

import { spawn } from 'node:child_process';

import type { Clock } from '../controller/clock.ts';
import { onAbort } from '../controller/on-abort.ts';

/** What to run. Nothing of our own environment goes along. */
export interface Command {
  /** An absolute path. */
  readonly file: string;
  /** Each is one element of argv: no shell reads them. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Milliseconds, after which it is killed. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a command ended and what it printed. Output may hold a secret: it is for reading, never for a message as it is. */
export interface CommandResult {
  /** `exited` by itself, or killed: for its time, for the size of its output, or because the caller's signal fired. */
  readonly ended: 'exited' | 'tooSlow' | 'tooLarge' | 'aborted';
  /** Absent when a signal ended it. */
  readonly code?: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** The program could not be started at all, for a reason that Node names (`ENOENT`). */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
  readonly code: string;

  constructor(code: string) {
    super(`the program could not be started (${code})`);
    this.code = code;
  }
}

/** A list of 100,000 tokens is less. */
const LARGEST_OUTPUT = 32 * 1024 * 1024;
/** How long output is waited for after the program has ended: one that left the group could hold the pipes open for ever. */
const LINGER = 1_000;

/**
 * Runs programs without input, each in a process group of its own, which is killed as a whole: a child that waits for a person's login
 * would otherwise live on. Own code in place of execa, of which this would use the part that is `node:child_process`.
 */
export class CommandRunner {
  readonly #clock: Clock;
  readonly #groups = new Set<number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects with `NotStarted`, or with the signal's reason when it had fired before; a signal that fires on the way ends the program. */
  run({ file, args, environment, directory, limit, signal }: Command): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const child = spawn(file, args, {
        cwd: directory,
        env: environment,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { pid } = child;
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (pid === undefined) reject(new NotStarted(error.code ?? 'UNKNOWN'));
      });
      if (pid === undefined) return;
      this.#groups.add(pid);

      let ended: CommandResult['ended'] = 'exited';
      const end = (why: CommandResult['ended']): void => {
        if (ended === 'exited') ended = why;
        killGroup(pid);
      };
      const cancelSignal = onAbort(signal, () => end('aborted'));
      const cancelLimit = this.#clock.after(limit, () => end('tooSlow'));

      const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      let size = 0;
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > LARGEST_OUTPUT) end('tooLarge');
          else outputs[name].push(chunk);
        });
      }
      child.once('exit', () => {
        // What it started itself goes with it. Its number is not given to another process while any of the group is left.
        killGroup(pid);
        this.#groups.delete(pid);
        cancelLimit();
        cancelSignal();
        const cancelLinger = this.#clock.after(LINGER, () => {
          child.stdout.destroy();
          child.stderr.destroy();
        });
        child.once('close', cancelLinger);
      });
      child.once('close', (code) => {
        resolve({
          ended,
          ...(code === null ? {} : { code }),
          stdout: Buffer.concat(outputs.stdout),
          stderr: Buffer.concat(outputs.stderr),
        });
      });
    });
  }

  /** Kills everything that runs, at once: for a process that ends. */
  killAll(): void {
    for (const pid of this.#groups) killGroup(pid);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
