// An operator among several, which can be put to sleep and woken.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuardedProcess, GuardedProcesses } from '../guarded-processes.ts';
import { MAIN } from '../operator/operator-process.ts';
import { waitFor } from '../wait.ts';

/** A running operator without servers, its log kept. */
export class Replica {
  /** Resolves when it has ended, with how, in words. */
  readonly ended: Promise<string>;
  readonly #process: GuardedProcess;
  readonly #logFile: string;

  private constructor(process: GuardedProcess, logFile: string) {
    this.ended = process.ended;
    this.#process = process;
    this.#logFile = logFile;
  }

  /** @param name unique in the group: the log is named so */
  static async start(
    processes: GuardedProcesses,
    name: string,
    kubeconfig: string,
    flags: readonly string[],
  ): Promise<Replica> {
    const off = ['--metrics-bind-address=0', '--health-probe-bind-address=0', '--log-level=debug'];
    const args = [MAIN, `--kubeconfig=${kubeconfig}`, ...off, ...flags];
    const process = await processes.start({ name, command: globalThis.process.execPath, args });
    return new Replica(process, join(processes.directory, `${name}.log`));
  }

  /** Waits until it leads. */
  async acting(): Promise<void> {
    await this.#process.ready(async () => (await this.log()).includes('"acting"'), 60_000);
  }

  /** It stands still, as a virtual machine that is moved. */
  sleep(): void {
    process.kill(this.#process.pid, 'SIGSTOP');
  }

  wake(): void {
    process.kill(this.#process.pid, 'SIGCONT');
  }

  /** Everything that it has printed. */
  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }
}

/** Waits for it to end by itself. */
export async function endOf(replica: Replica): Promise<string> {
  let how: string | undefined;
  void replica.ended.then((words) => (how = words));
  return waitFor(() => how, { what: 'the operator to end by itself' });
}
