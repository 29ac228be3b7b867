// The raw loop's process, seen from the benchmark.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Order, Setup } from './orders.ts';

/** A process that issues tokens by the shortest way. It ends with this process at the latest. */
export class RawProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = Number(child.pid);
    this.#ended = once(child, 'exit');
  }

  /** Starts it; resolves when it is ready for orders. */
  static async start(setup: Setup): Promise<RawProcess> {
    const raw = new RawProcess(fork(join(import.meta.dirname, 'main.ts')));
    await raw.order({ do: 'prepare', setup });
    return raw;
  }

  /** Gives an order and waits until it is carried out. Resolves with when its first request set out, by `monotonic()`. */
  async order(order: Order): Promise<number> {
    const answered = once(this.#child, 'message');
    this.#child.send(order);
    const ended = this.#ended.then(() => Promise.reject(new Error('the raw loop has ended')));
    const [answer]: Answer[] = await Promise.race([answered, ended]);
    if (answer === undefined || 'error' in answer) throw new Error(`raw loop: ${answer?.error ?? 'no answer'}`);
    return answer.startedAt;
  }

  async stop(): Promise<void> {
    this.#child.disconnect();
    await this.#ended;
  }
}
