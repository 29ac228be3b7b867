// At most so many at a time; the others wait in order.

import { onAbort } from '../controller/on-abort.ts';

/** One that waits for its turn. */
interface Waiting {
  readonly turn: () => void;
  readonly turnAway: (reason: unknown) => void;
}

/**
 * A counting semaphore. Own code in place of p-limit, which cannot take back a waiting task whose signal fires.
 */
export class Limiter {
  #most: number;
  #running = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(most: number) {
    this.#most = most;
  }

  /** How many run now. */
  get running(): number {
    return this.#running;
  }

  /** From now on so many at a time; those that run go on. */
  resize(most: number): void {
    this.#most = most;
    this.#admit();
  }

  /** Rejects all that wait with this reason; their tasks never run. */
  turnAway(reason: unknown): void {
    for (const waiting of this.#waiting) waiting.turnAway(reason);
  }

  /** Runs the task when its turn comes. A signal that fires while it waits rejects with the signal's reason, and the task never runs. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#admit();
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const leave = (): void => {
        cancelSignal();
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        turn: () => {
          leave();
          resolve();
        },
        turnAway: (reason) => {
          leave();
          reject(reason);
        },
      };
      const cancelSignal = onAbort(signal, () => waiting.turnAway(signal?.reason));
      this.#waiting.add(waiting);
      this.#admit();
    });
  }

  /** A place is taken here, before the promise of who waits longest goes on, so that nobody slips in between. */
  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#running >= this.#most) return;
      this.#running += 1;
      waiting.turn();
    }
  }
}
