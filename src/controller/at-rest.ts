// Does something whenever work has come to rest.

import type { Cancel, Clock } from './clock.ts';

/** Milliseconds without work that count as rest; a burst has no such pause. */
const PAUSE = 5_000;
/** Milliseconds from one time to the next at the least, for work that comes in drops. */
const INTERVAL = 60_000;

/** Calls an action once after each stretch of work, and not while work goes on. */
export class AtRest {
  readonly #clock: Clock;
  readonly #action: () => void;
  #worked = -Infinity;
  #acted = -Infinity;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  /** Some work was done. It costs next to nothing: there may be thousands a second. */
  worked(): void {
    this.#worked = this.#clock.now();
    this.#cancel ??= this.#wait();
  }

  /** Nothing is done any more. */
  stop(): void {
    this.#cancel?.();
  }

  #wait(): Cancel {
    const now = this.#clock.now();
    const due = Math.max(this.#worked + PAUSE, this.#acted + INTERVAL);
    return this.#clock.after(due - now, () => {
      // There may have been more work meanwhile.
      if (this.#worked + PAUSE > this.#clock.now()) {
        this.#cancel = this.#wait();
        return;
      }
      this.#cancel = undefined;
      this.#acted = this.#clock.now();
      this.#action();
    });
  }
}
