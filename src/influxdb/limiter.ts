// At most so many at a time; the others wait in order.

/**
 * A counting semaphore. Own code in place of p-limit, which cannot take back a waiting task whose signal fires.
 */
export class Limiter {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#free = most;
  }

  /** Runs the task when its turn comes. A signal that fires while it waits rejects with the signal's reason, and the task never runs. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#free > 0) {
        this.#free -= 1;
        resolve();
        return;
      }
      const turn = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(turn);
        reject(signal?.reason);
      };
      this.#waiting.add(turn);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Hands the place on, rather than freeing it, so that nobody slips in before who waits longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
