// A clock that stands still until a test moves it.

import { setImmediate as turn } from 'node:timers/promises';
import type { Cancel, Clock } from '../src/controller/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time by hand: timers fire only inside `advance`, in the order of their due times, with `now()` at the due time. */
export class ManualClock implements Clock {
  #now: number;
  // Insertion order breaks ties, as with real timers.
  readonly #timers = new Set<Timer>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due; undefined when none waits. */
  get nextDue(): number | undefined {
    const next = this.#next();
    return next && next.at - this.#now;
  }

  /** Moves time on, firing what falls due, timers set meanwhile included; promises settle before, between and after. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.settle();
    for (let timer = this.#next(); timer && timer.at <= end; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#now = timer.at;
      timer.callback();
      await this.settle();
    }
    this.#now = end;
  }

  /** Lets promises settle, without moving time: one turn of the event loop runs every chain that waits for no I/O. */
  async settle(): Promise<void> {
    await turn();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (!next || timer.at < next.at) next = timer;
    }
    return next;
  }
}
