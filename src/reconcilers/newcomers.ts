// How many objects got their first token lately, by namespace and cluster: whoever deletes and creates again and again has a new object each
// time, with a budget of its own, and revoked tokens stay in the server's list for ever.

import type { Clock } from '../controller/clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** First tokens an hour for each place under `maxTokens`: as many as the object in that place could have by itself. */
export const PER_PLACE = 5;

interface Count {
  /** The beginning of the minute. */
  readonly minute: number;
  count: number;
}

/** Counts of the last hour, to the minute. */
export class Newcomers {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count[]>();
  #pruned = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a first token, or an attempt that may have made one. */
  note(place: string): void {
    const now = this.#clock.now();
    const minute = now - (now % MINUTE);
    if (minute !== this.#pruned) this.#prune(minute);
    const counts = this.#counts.get(place) ?? [];
    const last = counts.at(-1);
    if (last?.minute === minute) last.count += 1;
    else counts.push({ minute, count: 1 });
    this.#counts.set(place, counts);
  }

  /** When the next is due under a `maxTokens`; now or earlier means at once. */
  nextAt(place: string, maxTokens: number): number {
    const now = this.#clock.now();
    const recent = (this.#counts.get(place) ?? []).filter(({ minute }) => minute + HOUR > now);
    let over = recent.reduce((sum, { count }) => sum + count, 0) - PER_PLACE * maxTokens;
    for (const { minute, count } of recent) {
      if (over < 0) break;
      over -= count;
      if (over < 0) return minute + HOUR;
    }
    return now;
  }

  #prune(minute: number): void {
    this.#pruned = minute;
    for (const [place, counts] of this.#counts) {
      const recent = counts.filter((count) => count.minute + HOUR > minute);
      if (recent.length === 0) this.#counts.delete(place);
      else this.#counts.set(place, recent);
    }
  }
}
