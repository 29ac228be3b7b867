// Child processes in a folder of their own; none of them, nor the folder, survives the process that started them.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

import { waitFor } from './wait.ts';

/** What to start. Output goes to `<name>.log` in the folder, which is also the working directory. */
export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What its environment holds besides the little that every process gets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that was started. */
export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when it has ended, with how, in words. */
  readonly ended: Promise<string>;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** Waits until `condition` says that it is ready; throws with the last lines of its output when it ends before, or takes too long. */
  ready(condition: () => Promise<boolean>, timeout: number): Promise<void>;
}

/**
 * A group of child processes that share a temporary folder. They do not hear a terminal's Ctrl-C and do not keep this process
 * alive: it decides when they end, by `end`, and when it is gone without having decided, a guardian ends them and removes the folder.
 */
export class GuardedProcesses {
  /** Readable for this user only. */
  readonly directory: string;
  readonly #guardian: ChildProcess;
  readonly #guardianGone: Promise<unknown>;
  readonly #orders: Writable;
  readonly #running = new Set<{ readonly endGroup: () => Promise<void> }>();

  private constructor(directory: string) {
    this.directory = directory;
    // In a process group of its own, or Ctrl-C would end it before it has done its work.
    this.#guardian = spawn(process.execPath, [join(import.meta.dirname, 'guardian.ts'), directory], {
      cwd: tmpdir(),
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#guardian.unref();
    this.#guardianGone = once(this.#guardian, 'exit');
    const orders = this.#guardian.stdin;
    if (orders === null) {
      throw new Error('the guardian has no standard input');
    }
    this.#orders = orders;
  }

  /** Makes the folder, its name beginning with `prefix`, and sets the guardian up. */
  static async create(prefix: string): Promise<GuardedProcesses> {
    return new GuardedProcesses(await mkdtemp(join(tmpdir(), `${prefix}-`)));
  }

  /**
   * Starts a process; throws when there is no such command. It gets no more of an environment than it needs: the user's kubeconfig,
   * proxies and credentials stay out.
   */
  async start({ name, command, args, env }: Command): Promise<GuardedProcess> {
    const logFile = join(this.directory, `${name}.log`);
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { PATH: process.env.PATH, HOME: this.directory, TMPDIR: this.directory, ...env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await once(child, 'spawn');
    const pid = Number(child.pid);
    child.unref();
    this.#orders.write(`+${pid}\n`);
    let end: string | undefined;
    const ended = once(child, 'exit').then(([code, signal]) => {
      this.#orders.write(`-${pid}\n`);
      this.#running.delete(entry);
      end = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      return end;
    });
    const entry = {
      endGroup: async (): Promise<void> => {
        child.ref();
        process.kill(-pid, 'SIGKILL');
        await ended;
      },
    };
    this.#running.add(entry);
    return {
      pid,
      ended,
      stop: async (signal) => {
        child.ref();
        child.kill(signal);
        await ended;
      },
      ready: async (condition, timeout) => {
        try {
          await waitFor(async () => end !== undefined || condition(), { what: `${name} to be ready`, timeout });
        } catch (error) {
          throw new Error(`${name} is not ready; its last words:\n${await tail(logFile)}`, { cause: error });
        }
        if (end !== undefined) {
          throw new Error(`${name} ${end}; its last words:\n${await tail(logFile)}`);
        }
      },
    };
  }

  /** Ends all processes at once, and what they started, and removes the folder; resolves when both are done. */
  async end(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.endGroup()));
    this.#guardian.ref();
    this.#orders.end();
    await this.#guardianGone;
  }
}

async function tail(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trimEnd().split('\n').slice(-20).join('\n');
}
