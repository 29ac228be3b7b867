// One reading for many who ask at the same time.

import { onAbort } from '../controller/on-abort.ts';

/**
 * However many ask at once, one reading is under way and at most one more waits: who comes while one runs may have done something that it
 * no longer shows, so everybody gets a reading that was begun after they asked.
 */
export class SharedReading<T> {
  readonly #read: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** A reading begun from now on. The signal ends this caller's wait and nobody else's; it rejects with its reason. */
  async take(signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const reading = this.#share();
    return signal === undefined ? reading : orAborted(reading, signal);
  }

  #share(): Promise<T> {
    if (this.#running === undefined) return this.#begin();
    const begin = (): Promise<T> => this.#begin();
    this.#next ??= this.#running.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<T> {
    this.#next = undefined;
    this.#running = this.#read().finally(() => {
      if (this.#next === undefined) this.#running = undefined;
    });
    return this.#running;
  }
}

/** What a promise comes to, or a rejection as soon as the signal fires. */
function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancelSignal = onAbort(signal, () => reject(signal.reason));
    result.then(resolve, reject).finally(cancelSignal);
  });
}
