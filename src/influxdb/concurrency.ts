// How many calls an issuer is sent at a time: as many as help. Pure; after TCP's slow start, and TCP Vegas for the latency.

/** What is known of an issuer's capacity. */
export interface Concurrency {
  /** Calls that may be under way; only whole ones count, fractions add up. */
  readonly limit: number;
  /** Up to here every answer raises the limit by one (slow start), from here on every round of answers. */
  readonly threshold: number;
  /** Counts reductions: a call that was sent before the last one tells nothing new. */
  readonly epoch: number;
  /** Calls in a row, each sent after the one before had failed, that got no answer. */
  readonly unanswered: number;
  /** By operation, since a read takes another time than a creation. */
  readonly latencies: Readonly<Record<string, Latency>>;
}

/** In milliseconds. */
interface Latency {
  /** That of an idle server, as far as is known. */
  readonly least: number;
  /** Lately, smoothed. */
  readonly recent: number;
}

/** A call that ended. */
export interface EndedCall {
  readonly operation: string;
  /** `Concurrency.epoch` when it was sent. */
  readonly epoch: number;
  /** Calls that were under way when it ended, itself included. */
  readonly underWay: number;
  /**
   * - `answered`: the server did what it was asked, in so many milliseconds.
   * - `refused`: a quick no that tells nothing of the load.
   * - `overloaded`: it said that it has too much to do (429, 5xx).
   * - `silent`: there was no answer at all.
   */
  readonly result:
    { readonly was: 'answered'; readonly milliseconds: number } | { readonly was: 'refused' | 'overloaded' | 'silent' };
}

/** No more than workers ever ask at a time with a generous `--workers`. */
const MOST = 64;
/** Few enough for the smallest server, and doubled with each round that goes well. */
const FIRST = 4;
/** Calls that wait within the server: below the first number there is room for more, above the second it is too much. */
const QUEUED = { few: 3, many: 6 };
const REDUCTION = 0.9;
/** Weight of the latest answer. */
const SMOOTHING = 0.2;
/** With every answer the least latency is forgotten a little: a server that moved farther away is not a busy one. */
const DRIFT = 1.0005;

/** Before the first call. */
export const UNKNOWN_CONCURRENCY: Concurrency = {
  limit: FIRST,
  threshold: MOST,
  epoch: 0,
  unanswered: 0,
  latencies: {},
};
/** One connection that broke is no outage; but when the call that was sent alone after it gets no answer either, there is one. */
const OUTAGE = 2;

/** How many calls may be under way at a time: 1 at least. */
export function mostCalls({ limit }: Concurrency): number {
  return Math.floor(limit);
}

/** Whether the issuer does not answer at all. */
export function isOut({ unanswered }: Concurrency): boolean {
  return unanswered >= OUTAGE;
}

/**
 * What is known after one more call. An overloaded server gets half of the calls, a silent one a single call until it answers again;
 * then the limit rises fast to half of what it was, and slowly from there, so that not everybody who waited comes at once.
 */
export function afterCall(state: Concurrency, call: EndedCall): Concurrency {
  const { result } = call;
  const half = Math.max(1, state.limit / 2);
  const reduced = { threshold: half, epoch: state.epoch + 1 };
  switch (result.was) {
    case 'answered':
      return afterAnswer(state, call, result.milliseconds);
    case 'refused':
      return { ...state, unanswered: 0 };
    case 'overloaded':
      return call.epoch === state.epoch ? { ...state, ...reduced, limit: half, unanswered: 0 } : state;
    case 'silent':
      return call.epoch === state.epoch ? { ...state, ...reduced, limit: 1, unanswered: state.unanswered + 1 } : state;
  }
}

function afterAnswer(state: Concurrency, { operation, epoch, underWay }: EndedCall, milliseconds: number): Concurrency {
  const before = state.latencies[operation] ?? { least: milliseconds, recent: milliseconds };
  const latency: Latency = {
    least: Math.min(before.least * DRIFT, milliseconds),
    recent: before.recent + SMOOTHING * (milliseconds - before.recent),
  };
  const known: Concurrency = { ...state, unanswered: 0, latencies: { ...state.latencies, [operation]: latency } };
  // Little's law: of the calls under way, those that the idle server would not have had yet wait within it.
  const queued = underWay * (1 - latency.least / Math.max(latency.least, latency.recent));
  if (queued > QUEUED.many && epoch === state.epoch) {
    const limit = Math.max(1, state.limit * REDUCTION);
    return { ...known, limit, threshold: limit, epoch: epoch + 1 };
  }
  // What was not made use of was not tried out.
  if (queued >= QUEUED.few || underWay < mostCalls(state)) return known;
  const raise = state.limit < state.threshold ? 1 : 1 / state.limit;
  return { ...known, limit: Math.min(MOST, state.limit + raise) };
}
