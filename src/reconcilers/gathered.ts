// Many calls become few.

import type { Clock } from '../controller/clock.ts';

/** Hands each key on once, some time after it was first added, however often it is added until then. */
export class Gathered {
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #hand: (key: string) => void;
  readonly #waiting = new Set<string>();

  /** @param delay milliseconds */
  constructor(clock: Clock, delay: number, hand: (key: string) => void) {
    this.#clock = clock;
    this.#delay = delay;
    this.#hand = hand;
  }

  add(key: string): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    this.#clock.after(this.#delay, () => {
      this.#waiting.delete(key);
      this.#hand(key);
    });
  }
}
