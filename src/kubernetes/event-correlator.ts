// Which of the things that happen are worth a request to the API server, so that Events help people and do not flood etcd; no I/O.

/** An object that something happened to: core/v1 ObjectReference. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for a cluster-scoped object. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

/** Something that happened to an object. */
export interface Occurrence {
  readonly regarding: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** Why, as one CamelCase word, for machines. */
  readonly reason: string;
  /** What was done or tried, as one CamelCase word, for machines. */
  readonly action: string;
  /** For people. */
  readonly note: string;
}

/** One Event and its repetitions. Times in milliseconds since the Unix epoch. */
export interface Series {
  /** Distinguishes it from other Events of the object. */
  readonly id: string;
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** `create` a new Event, `update` the count of one, `skip` what a later update will tell, `drop` what exceeds the limit. */
export type EventStep =
  | { readonly kind: 'create' | 'update'; readonly series: Series }
  | { readonly kind: 'skip' }
  | { readonly kind: 'drop' };

/** The same within so long after the last time is a repetition. */
const WINDOW = 600_000;
/** A repeated Event is updated at intervals that double, from this; up to the window, well within the hour that the API server keeps an Event. */
const FIRST_INTERVAL = 10_000;
/** Requests per object: so many at once, then one per interval. The figures are client-go's. */
const BURST = 25;
const REFILL_INTERVAL = 300_000;
/** Entries of each memory; the one that was used least recently goes first. Forgetting costs an Event too many, no more. */
const MOST_REMEMBERED = 4_096;

interface Remembered extends Series {
  readonly writtenAt: number;
  readonly interval: number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** Remembers what was told lately. */
export class EventCorrelator {
  readonly #series = new Map<string, Remembered>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #newId: () => string;

  /** `newId` makes the ids of series. */
  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** What to do about an occurrence. */
  decide(occurrence: Occurrence, now: number): EventStep {
    const { regarding, type, reason, note } = occurrence;
    const { uid } = regarding;
    const key = JSON.stringify([uid, type, reason, note]);
    const known = this.#series.get(key);
    if (!known || now - known.last > WINDOW) {
      if (!this.#mayWrite(uid, now)) return { kind: 'drop' };
      const series = { id: this.#newId(), first: now, last: now, count: 1 };
      remember(this.#series, key, { ...series, writtenAt: now, interval: FIRST_INTERVAL });
      return { kind: 'create', series };
    }
    const repeated = { ...known, last: now, count: known.count + 1 };
    if (now - known.writtenAt < known.interval || !this.#mayWrite(uid, now)) {
      remember(this.#series, key, repeated);
      return { kind: 'skip' };
    }
    remember(this.#series, key, { ...repeated, writtenAt: now, interval: Math.min(known.interval * 2, WINDOW) });
    const { id, first, last, count } = repeated;
    return { kind: 'update', series: { id, first, last, count } };
  }

  #mayWrite(uid: string, now: number): boolean {
    const bucket = this.#buckets.get(uid) ?? { tokens: BURST, at: now };
    const tokens = Math.min(BURST, bucket.tokens + Math.max(0, now - bucket.at) / REFILL_INTERVAL);
    const allowed = tokens >= 1;
    remember(this.#buckets, uid, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed;
  }
}

/** A Map keeps the order of insertion, so the first is the one that was used least recently. */
function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= MOST_REMEMBERED) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    return;
  }
}
