// The operator as a process of its own, as it runs in production.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../free-port.ts';
import type { GuardedProcess, GuardedProcesses } from '../guarded-processes.ts';
import { waitFor } from '../wait.ts';

/** The operator's own namespace in all tests: the one it takes when nobody says otherwise. */
export const OPERATOR_NAMESPACE = 'influxtokens-system';

/** Runs it from source. */
export const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** How to start it. */
export interface OperatorSetup {
  readonly processes: GuardedProcesses;
  /** Unique in the group: the log is named so. */
  readonly name: string;
  readonly kubeconfig: string;
  /** Besides those that say where it runs. */
  readonly flags: readonly string[];
  /** What Node runs; the sources unless told. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a page of its servers answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const READY_TIMEOUT = 30_000;
/** It promises to end within 10 s of SIGTERM. */
const END_TIMEOUT = 10_000;

/** A running operator, its log kept at level trace. */
export class OperatorProcess {
  readonly #process: GuardedProcess;
  readonly #logFile: string;
  readonly #pages: { readonly health: string; readonly metrics: string };

  private constructor(process: GuardedProcess, logFile: string, pages: { health: string; metrics: string }) {
    this.#process = process;
    this.#logFile = logFile;
    this.#pages = pages;
  }

  /** Starts it; resolves when it says that it is ready, which it also is when another one leads. */
  static async start(setup: OperatorSetup): Promise<OperatorProcess> {
    const { processes, name, kubeconfig, flags, program = MAIN, environment = {} } = setup;
    const [health, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const child = await processes.start({
      name,
      command: process.execPath,
      args: [
        program,
        `--kubeconfig=${kubeconfig}`,
        `--health-probe-bind-address=${health}`,
        `--metrics-bind-address=${metrics}`,
        '--log-level=trace',
        ...flags,
      ],
      env: environment,
    });
    const pages = { health: `http://${health}`, metrics: `http://${metrics}` };
    const operator = new OperatorProcess(child, join(processes.directory, `${name}.log`), pages);
    await child.ready(async () => (await operator.page('/readyz')).status === 200, READY_TIMEOUT);
    return operator;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Asks its servers. */
  async page(path: '/healthz' | '/readyz' | '/metrics', headers: Record<string, string> = {}): Promise<Answer> {
    const origin = path === '/metrics' ? this.#pages.metrics : this.#pages.health;
    // No connection is kept: the next question may be for another process on the same port.
    const { statusCode, body } = await request(`${origin}${path}`, { headers, reset: true });
    return { status: statusCode, text: await body.text() };
  }

  /** The value of a metric, its labels as they stand on the page; 0 when it is not there. */
  async metric(series: string): Promise<number> {
    return metricOn((await this.page('/metrics')).text, series);
  }

  /** Waits until it has looked at everything and nothing is left to look at now. */
  async idle(): Promise<void> {
    const queues = ['tokens', 'clusters', 'managementInventories'];
    const rest = async (): Promise<boolean> => {
      const { text } = await this.page('/metrics');
      const busy = queues.flatMap((queue) => [
        metricOn(text, `influxtokens_queue_depth{queue="${queue}"}`),
        metricOn(text, `influxtokens_queue_processing{queue="${queue}"}`),
      ]);
      return text.includes('influxtokens_reconcile_total{') && busy.every((count) => count === 0);
    };
    await waitFor(rest, { what: 'the operator to have nothing to do' });
  }

  /** Everything that it has printed. */
  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }

  /** Asks it to end in good order and tells how it did; throws when it takes longer than it promises. */
  async stop(): Promise<string> {
    const stopped = this.#process.stop('SIGTERM');
    let how: string | undefined;
    const ended = this.#process.ended.then((words) => (how = words));
    await waitFor(() => how !== undefined, { what: 'the operator to end after SIGTERM', timeout: END_TIMEOUT });
    await stopped;
    return ended;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }
}

function metricOn(page: string, series: string): number {
  const line = page.split('\n').find((line) => line.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
