// The limits of one request: its time, and everybody who may end it.

import type { Cancel, Clock } from '../controller/clock.ts';
import type { GivenUp } from './error.ts';

/** One request under way. `end` must be called when it is over, or the signals would hold on to it. */
export class Attempt {
  readonly #controller = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #abort = (): void => this.#giveUp('Aborted');
  readonly #cancelTimeout: Cancel;
  #givenUp: GivenUp | undefined;

  constructor(clock: Clock, timeout: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#signals = signals.filter((signal) => signal !== undefined);
    this.#cancelTimeout = clock.after(timeout, () => this.#giveUp('Timeout'));
    for (const signal of this.#signals) {
      if (signal.aborted) this.#abort();
      else signal.addEventListener('abort', this.#abort);
    }
  }

  /** Fires when the request is to be given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the request was given up; undefined when it was not. */
  get givenUp(): GivenUp | undefined {
    return this.#givenUp;
  }

  /** The promise's result, or a rejection as soon as the request is given up. */
  async orEnd<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new Error('given up'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([promise, ended]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** From here on only the signals end it. */
  endTimeout(): void {
    this.#cancelTimeout();
  }

  /** It is over: lets go of timer and signals. */
  end(): void {
    this.#cancelTimeout();
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort);
  }

  #giveUp(why: GivenUp): void {
    this.#givenUp ??= why;
    this.#controller.abort();
  }
}
