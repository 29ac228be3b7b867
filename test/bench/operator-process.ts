// The operator as a process of its own, as it runs in production but for the leader election.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { GuardedProcesses, type GuardedProcess } from '../guarded-processes.ts';
import { CREDENTIAL } from './objects.ts';

/** How to start it. */
export interface OperatorSetup {
  /** The bundle, or the source. */
  readonly script: string;
  readonly kubeconfig: string;
  /** A folder for a CPU profile of each run; absent: none is taken. */
  readonly profile: string | undefined;
}

const NAME = 'operator';
const READY_TIMEOUT = 30_000;
/** It promises to end within 10 s. */
const STOP_TIMEOUT = 15_000;

/** A running operator. It ends with this process at the latest. */
export class OperatorProcess {
  readonly #group: GuardedProcesses;
  readonly #process: GuardedProcess;
  readonly #readyURL: string;

  private constructor(group: GuardedProcesses, process: GuardedProcess, readyURL: string) {
    this.#group = group;
    this.#process = process;
    this.#readyURL = readyURL;
  }

  /** Starts it; it is not ready yet when this resolves. */
  static async start({ script, kubeconfig, profile }: OperatorSetup): Promise<OperatorProcess> {
    const health = `127.0.0.1:${await freePort()}`;
    const group = await GuardedProcesses.create('influxtokens-bench-operator');
    const child = await group.start({
      name: NAME,
      command: process.execPath,
      args: [
        ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
        script,
        `--kubeconfig=${kubeconfig}`,
        `--namespace=${CREDENTIAL.namespace}`,
        '--no-leader-elect',
        '--metrics-bind-address=0',
        `--health-probe-bind-address=${health}`,
        '--log-level=warn',
      ],
    });
    return new OperatorProcess(group, child, `http://${health}/readyz`);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Waits until it says that it is ready; throws with its last words when it ends before. */
  async ready(): Promise<void> {
    await this.#process.ready(async () => (await fetch(this.#readyURL)).ok, READY_TIMEOUT);
  }

  /** The end of its log: warnings and errors, of which there should be none. */
  async lastWords(): Promise<string> {
    const log = await readFile(join(this.#group.directory, `${NAME}.log`), 'utf8');
    return log.trimEnd().split('\n').slice(-5).join('\n');
  }

  /** Ends it in good order, with its folder. */
  async stop(): Promise<void> {
    const done = new AbortController();
    const stopped = this.#process.stop('SIGTERM').then(() => true);
    const patience = sleep(STOP_TIMEOUT, false, { signal: done.signal }).catch(() => false);
    const inTime = await Promise.race([stopped, patience]);
    done.abort();
    await this.#group.end();
    if (!inTime) throw new Error(`the operator did not end within ${STOP_TIMEOUT} ms of SIGTERM`);
  }
}
