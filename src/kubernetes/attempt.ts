// The limits of one request: its time, and everybody who may end it.

import type { Cancel, Clock } from '../controller/clock.ts';
import { onAbort } from '../controller/on-abort.ts';
import type { GivenUp } from './error.ts';

/** One request under way. `end` must be called when it is over, or the signals would hold on to it. */
export class Attempt {
  /** Called when the request is to be given up; replaced by whoever carries it out at the moment. */
  onGivenUp: () => void = () => {};
  readonly #cancelSignals: readonly Cancel[];
  readonly #cancelTimeout: Cancel;
  #givenUp: GivenUp | undefined;

  constructor(clock: Clock, timeout: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#cancelTimeout = clock.after(timeout, () => this.#giveUp('Timeout'));
    const abort = (): void => this.#giveUp('Aborted');
    if (signals.some((signal) => signal?.aborted)) abort();
    this.#cancelSignals = signals.map((signal) => onAbort(signal, abort));
  }

  /** Why the request was given up; undefined when it was not. */
  get givenUp(): GivenUp | undefined {
    return this.#givenUp;
  }

  /** Throws when it was given up already. */
  throwIfGivenUp(): void {
    if (this.#givenUp) throw new Error('given up');
  }

  /** The promise's result, or a rejection as soon as the request is given up. */
  async orEnd<T>(promise: Promise<T>): Promise<T> {
    this.throwIfGivenUp();
    const { promise: ended, reject } = Promise.withResolvers<never>();
    this.onGivenUp = () => reject(new Error('given up'));
    return Promise.race([promise, ended]);
  }

  /** From here on only the signals end it. */
  endTimeout(): void {
    this.#cancelTimeout();
  }

  /** It is over: lets go of timer and signals. */
  end(): void {
    this.#cancelTimeout();
    for (const cancel of this.#cancelSignals) cancel();
  }

  #giveUp(why: GivenUp): void {
    if (this.#givenUp) return;
    this.#givenUp = why;
    this.onGivenUp();
  }
}
