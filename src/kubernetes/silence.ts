// Ends a stream from which nothing comes any more.

import type { Cancel, Clock } from '../controller/clock.ts';
import { onAbort } from '../controller/on-abort.ts';

/** The API server sends a bookmark about every minute, and a list without pauses; a connection that was cut unnoticed stays silent. */
const LONGEST_SILENCE = 90_000;

/** Ends a watch or a list that delivers nothing for too long, or when `stop` fires. A change costs it no timer: there may be hundreds a second. */
export class Silence {
  readonly #clock: Clock;
  readonly #cancelStop: Cancel;
  readonly #controller = new AbortController();
  readonly #abort = (): void => this.#controller.abort();
  #since: number;
  #cancel: Cancel;
  #tooLong = false;

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#cancel = this.#lookIn(LONGEST_SILENCE);
    this.#cancelStop = onAbort(stop, this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get tooLong(): boolean {
    return this.#tooLong;
  }

  /** Something was delivered. */
  broken(): void {
    this.#since = this.#clock.now();
  }

  end(): void {
    this.#cancel();
    this.#cancelStop();
  }

  #lookIn(milliseconds: number): Cancel {
    return this.#clock.after(milliseconds, () => {
      const left = LONGEST_SILENCE - (this.#clock.now() - this.#since);
      if (left > 0) {
        this.#cancel = this.#lookIn(left);
        return;
      }
      this.#tooLong = true;
      this.#abort();
    });
  }
}
