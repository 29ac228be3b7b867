// A simulator in a process of its own, driven by the same methods as one in this process.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { RecordedRequest, Simulator } from './simulator.ts';
import type { SimulatedToken } from './tokens.ts';

/** The line that `main.ts` prints when it is ready. */
export interface Ready {
  readonly url: string;
  readonly dataURL: string;
  readonly caBundle: string;
  readonly adminToken: string;
  readonly controlURL: string;
  readonly pid: number;
}

/** As `Simulator`, but every method is asynchronous, and so is the request log. */
export class RemoteSimulator {
  /** What the process said when it was ready; `adminToken` is the one it began with. */
  readonly ready: Ready;
  /** Resolves with exit code and signal when the process has ended. */
  readonly exited: Promise<unknown>;
  readonly #process: ChildProcess;

  /** Starts a process with the flags of `main.ts`; it ends with this one at the latest. */
  static async start(flags: readonly string[] = []): Promise<RemoteSimulator> {
    const main = new URL('main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, ...flags], { stdio: 'pipe' });
    for await (const line of createInterface(child.stdout)) {
      child.stderr.pipe(process.stderr);
      const ready: Ready = JSON.parse(line);
      return new RemoteSimulator(child, ready);
    }
    throw new Error(`the simulator ended before it was ready: ${await text(child.stderr)}`);
  }

  private constructor(child: ChildProcess, ready: Ready) {
    this.#process = child;
    this.exited = once(child, 'exit');
    this.ready = ready;
  }

  configure(...args: Parameters<Simulator['configure']>): Promise<void> {
    return this.#call('configure', args);
  }

  requests(): Promise<readonly RecordedRequest[]> {
    return this.#call('requests', []);
  }

  tokens(): Promise<readonly SimulatedToken[]> {
    return this.#call('tokens', []);
  }

  createToken(...args: Parameters<Simulator['createToken']>): Promise<SimulatedToken> {
    return this.#call('createToken', args);
  }

  alterToken(...args: Parameters<Simulator['alterToken']>): Promise<void> {
    return this.#call('alterToken', args);
  }

  revokeToken(...args: Parameters<Simulator['revokeToken']>): Promise<void> {
    return this.#call('revokeToken', args);
  }

  forgetToken(...args: Parameters<Simulator['forgetToken']>): Promise<void> {
    return this.#call('forgetToken', args);
  }

  /** The result withdraws the fault. */
  async inject(...args: Parameters<Simulator['inject']>): Promise<() => Promise<void>> {
    const rule = await this.#call<number>('inject', args);
    return () => this.#call('withdraw', [rule]);
  }

  clearFaults(): Promise<void> {
    return this.#call('clearFaults', []);
  }

  down(): Promise<void> {
    return this.#call('down', []);
  }

  up(): Promise<void> {
    return this.#call('up', []);
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.exited;
  }

  async #call<Result>(method: string, args: readonly unknown[]): Promise<Result> {
    const url = new URL(`/-/${method}`, this.ready.controlURL);
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(args) });
    const { result, error }: { result: Result; error?: string } = JSON.parse(await response.text());
    if (error !== undefined) throw new Error(`${method}: ${error}`);
    return result;
  }
}
