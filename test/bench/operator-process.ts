// The operator as a process of its own, as it runs in production but for the leader election.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOP_SAMPLES } from '../../src/server/metrics.ts';
import { freePort } from '../free-port.ts';
import { GuardedProcesses, type GuardedProcess } from '../guarded-processes.ts';
import { monotonic } from './monotonic.ts';
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
/**
 * Memory as in the image: as much heap as it is given within the memory limit of the Deployment, 512 MiB (by the machine's memory V8 would be
 * lavish), the same generations, and the same handling of what is free.
 */
const HEAP = ['--max-old-space-size=307', '--initial-old-space-size=96', '--max-semi-space-size=16', '--expose-gc'];
const ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: '16384' };
/** How often it is asked whether it is ready, milliseconds. The answer is a figure, and every 10 ms asking took a twentieth of the start. */
const READY_POLL = 50;
const READY_TIMEOUT = 30_000;
/** It promises to end within 10 s. */
const STOP_TIMEOUT = 15_000;

/** A running operator. It ends with this process at the latest. */
export class OperatorProcess {
  readonly #group: GuardedProcesses;
  readonly #process: GuardedProcess;
  readonly #readyURL: string;
  readonly #metricsURL: string;

  private constructor(
    group: GuardedProcesses,
    process: GuardedProcess,
    at: { readonly health: string; readonly metrics: string },
  ) {
    this.#group = group;
    this.#process = process;
    this.#readyURL = `http://${at.health}/readyz`;
    this.#metricsURL = `http://${at.metrics}/metrics`;
  }

  /** Starts it; it is not ready yet when this resolves. */
  static async start({ script, kubeconfig, profile }: OperatorSetup): Promise<OperatorProcess> {
    const health = `127.0.0.1:${await freePort()}`;
    const metrics = `127.0.0.1:${await freePort()}`;
    const group = await GuardedProcesses.create('influxtokens-bench-operator');
    const child = await group.start({
      name: NAME,
      command: process.execPath,
      args: [
        ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
        ...HEAP,
        script,
        `--kubeconfig=${kubeconfig}`,
        `--namespace=${CREDENTIAL.namespace}`,
        '--no-leader-elect',
        `--metrics-bind-address=${metrics}`,
        `--health-probe-bind-address=${health}`,
        '--log-level=warn',
      ],
      env: ENVIRONMENT,
    });
    return new OperatorProcess(group, child, { health, metrics });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Waits until it says that it is ready; throws with its last words when it ends before. */
  async ready(): Promise<void> {
    await this.#process.ready(async () => (await fetch(this.#readyURL)).ok, READY_TIMEOUT);
  }

  /** Milliseconds from now until it is ready. */
  async timeToReady(): Promise<number> {
    const began = monotonic();
    const isReady = (): Promise<boolean> =>
      fetch(this.#readyURL)
        .then(({ ok }) => ok)
        .catch(() => false);
    while (!(await isReady())) {
      if (monotonic() - began > READY_TIMEOUT) throw new Error(`the operator was not ready within ${READY_TIMEOUT} ms`);
      await sleep(READY_POLL);
    }
    return monotonic() - began;
  }

  /**
   * The 99th percentile of what the event loop was late by since this was last asked, milliseconds. The metric counts from one sample to the
   * next, and these are `LOOP_SAMPLES` apart.
   */
  async loopDelay(): Promise<number> {
    const page = await (await fetch(this.#metricsURL)).text();
    const [, seconds] = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(page) ?? [];
    if (seconds === undefined) throw new Error('the operator tells no delay of its event loop');
    return Math.max(0, Number(seconds) * 1_000 - LOOP_SAMPLES);
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
