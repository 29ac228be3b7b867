// The queue between watches and workers: what is to be looked at, each key once, in which order, and when again.

import { backoff, type BackoffBounds } from './backoff.ts';
import type { Cancel, Clock } from './clock.ts';
import { FairLane } from './fair-lane.ts';
import { onAbort } from './on-abort.ts';
import { Schedule } from './schedule.ts';

/** `change`: something is new or has changed, or its time has come. `resync`: a routine second look, or another try after a failure. */
export type Priority = 'change' | 'resync';

/** The wait after failures in a row: long enough at the end to leave a broken server alone, short enough to recover unattended. */
const BACKOFF: BackoffBounds = { least: 5, most: 300_000 };

/** One turn in so many belongs to `resync`, so that a flood of changes in one namespace cannot stop the retries of all others for ever. */
const RESYNC_TURN = 4;

/** What the queue looks like at one moment. Ages in milliseconds, 0 when there is nothing of the sort. */
export interface QueueFigures {
  /** Keys that wait for a worker. */
  readonly depth: number;
  /** Keys that are due later. */
  readonly delayed: number;
  /** Keys that a worker holds. */
  readonly processing: number;
  /** For how long the key that has waited longest has waited for a worker. */
  readonly oldestAge: number;
  /** For how long a worker has held the key that is held longest: a run that hangs shows here. */
  readonly longestRun: number;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** The group among which turns are taken, say the namespace of a key; without it all keys are one group. */
  readonly groupOf?: (key: string) => string;
  /** A number from 0 up to but not including 1, for jitter. */
  readonly random?: () => number;
}

interface Waiting {
  readonly key: string;
  readonly priority: Priority;
  readonly since: number;
}

interface Processing {
  readonly since: number;
  /** Set when the key was added while a worker held it: it has to be looked at once more. */
  again: Priority | undefined;
}

/**
 * A set of keys that somebody has to look at.
 *
 * - A key waits at most once, however often it is added, and is never held by two workers: added while it is held, it waits again
 *   when the worker is done with it.
 * - Changes go before resyncs (but for every fourth turn); within each, groups take turns and keys of a group come first in, first out.
 *   A key that is held keeps nobody waiting.
 * - `addAfter` and `addFailed` keep the earliest time per key. Taking a key drops its time: whoever looks at a key now decides anew when
 *   it is looked at again.
 * - A key that is neither waiting, due, held nor failing takes no memory.
 */
export class KeyedQueue {
  readonly #clock: Clock;
  readonly #groupOf: (key: string) => string;
  readonly #random: () => number;
  /** By key, in the order in which they began to wait. A lane may hold a predecessor of an entry, which is then passed over. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #lanes: Readonly<Record<Priority, FairLane<Waiting>>> = { change: new FairLane(), resync: new FairLane() };
  readonly #processing = new Map<string, Processing>();
  readonly #schedule = new Schedule();
  readonly #failures = new Map<string, number>();
  readonly #takers = new Set<(key: string | undefined) => void>();
  #turn = 0;
  #alarm: { readonly at: number; readonly cancel: Cancel } | undefined;
  #shutDown = false;

  constructor(options: QueueOptions) {
    this.#clock = options.clock;
    this.#groupOf = options.groupOf ?? (() => '');
    this.#random = options.random ?? Math.random;
  }

  /** Has a key looked at as soon as a worker is free. */
  add(key: string, priority: Priority = 'change'): void {
    if (this.#shutDown) return;
    const held = this.#processing.get(key);
    if (held) {
      held.again = higher(held.again, priority);
      return;
    }
    const present = this.#waiting.get(key);
    if (present && higher(present.priority, priority) === present.priority) return;
    const entry = { key, priority, since: present?.since ?? this.#clock.now() };
    this.#waiting.set(key, entry);
    this.#lanes[priority].push(this.#groupOf(key), entry);
    this.#serve();
  }

  /** Has a key looked at in so many milliseconds at the latest. It then counts as a change. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#shutDown) return;
    if (!(milliseconds > 0)) {
      this.add(key);
      return;
    }
    this.#schedule.set(key, this.#clock.now() + milliseconds);
    this.#setAlarm();
  }

  /** Has a key looked at again after a failure, later with every failure since the last `forget`; returns the wait in milliseconds. */
  addFailed(key: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const wait = backoff(failures, BACKOFF, this.#random);
    this.addAfter(key, wait);
    return wait;
  }

  /** Ends the count of failures of a key. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /**
   * The next key to look at, as soon as there is one; `done` must be called for it. `undefined` once the signal fires or the queue is
   * shut down.
   */
  take(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#shutDown || signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (key: string | undefined): void => {
        this.#takers.delete(settle);
        cancelSignal();
        resolve(key);
      };
      const cancelSignal = onAbort(signal, () => settle(undefined));
      this.#takers.add(settle);
      this.#serve();
    });
  }

  /** Gives back a key that was taken. */
  done(key: string): void {
    const held = this.#processing.get(key);
    this.#processing.delete(key);
    if (held?.again) this.add(key, held.again);
  }

  /** Ends the queue: nothing is given out or accepted from now on. */
  shutdown(): void {
    this.#shutDown = true;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#waiting.clear();
    this.#lanes.change.clear();
    this.#lanes.resync.clear();
    this.#schedule.clear();
    this.#failures.clear();
    for (const settle of this.#takers) settle(undefined);
  }

  /** The figures of this moment, for metrics. */
  figures(): QueueFigures {
    const now = this.#clock.now();
    const age = (entries: Iterable<{ readonly since: number }>): number => {
      for (const { since } of entries) return Math.max(0, now - since);
      return 0;
    };
    return {
      depth: this.#waiting.size,
      delayed: this.#schedule.size,
      processing: this.#processing.size,
      oldestAge: age(this.#waiting.values()),
      longestRun: age(this.#processing.values()),
    };
  }

  #serve(): void {
    for (const settle of this.#takers) {
      const entry = this.#next();
      if (!entry) return;
      this.#waiting.delete(entry.key);
      this.#schedule.delete(entry.key);
      this.#processing.set(entry.key, { since: this.#clock.now(), again: undefined });
      settle(entry.key);
    }
  }

  #next(): Waiting | undefined {
    if (this.#waiting.size === 0) return undefined;
    this.#turn = (this.#turn + 1) % RESYNC_TURN;
    const { change, resync } = this.#lanes;
    return this.#turn === 0
      ? (this.#shift(resync) ?? this.#shift(change))
      : (this.#shift(change) ?? this.#shift(resync));
  }

  /** The first entry of a lane that has not been overtaken by a more urgent one for the same key. */
  #shift(lane: FairLane<Waiting>): Waiting | undefined {
    for (;;) {
      const entry = lane.shift();
      if (!entry || this.#waiting.get(entry.key) === entry) return entry;
    }
  }

  /** One timer for the whole schedule. One that fires too early, because its key was taken meanwhile, is harmless and costs less than moving it. */
  #setAlarm(): void {
    const at = this.#schedule.earliest;
    if (at === undefined || (this.#alarm && this.#alarm.at <= at)) return;
    this.#alarm?.cancel();
    this.#alarm = {
      at,
      cancel: this.#clock.after(at - this.#clock.now(), () => {
        this.#alarm = undefined;
        this.#addDue();
        this.#setAlarm();
      }),
    };
  }

  #addDue(): void {
    const now = this.#clock.now();
    for (let key = this.#schedule.due(now); key !== undefined; key = this.#schedule.due(now)) {
      this.add(key, this.#failures.has(key) ? 'resync' : 'change');
    }
  }
}

function higher(a: Priority | undefined, b: Priority): Priority {
  return a === 'change' ? a : b;
}
