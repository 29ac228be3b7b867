// What a reflector does next: the states of a watch, and one pure function that leads from one to the other.

import { backoff } from '../controller/backoff.ts';

/**
 * - `listing`: a page of the whole collection is being read; another page, or the watch, comes next.
 * - `watching`: changes after `resourceVersion` are being received. When the watch ends, another takes up where it ended; only what
 *   the server cannot continue needs a new list.
 * - `waiting`: after a failure, before `next`.
 */
export type WatchState = Common &
  (
    | { readonly at: 'listing' }
    | {
        readonly at: 'watching';
        readonly resourceVersion: string;
        /** Whether this watch has delivered anything: an open connection proves little, a proxy can hold one. */
        readonly healthy: boolean;
      }
    | { readonly at: 'waiting'; readonly next: Start }
  );

interface Common {
  /** Failures in a row, for the back-off. A list alone does not end the row: else a watch that is refused would mean list after list. */
  readonly failures: number;
  /** What the log was last told is wrong; told once, not at each try. */
  readonly trouble: Trouble | undefined;
}

interface Trouble {
  readonly during: 'list' | 'watch';
  readonly reason: string;
}

/** Where to begin: with everything, or after a version. */
type Start = { readonly with: 'list' } | { readonly with: 'watch'; readonly resourceVersion: string };

/** How an action ended; `lasted` is the time it took, in milliseconds. */
export type WatchEvent =
  /** A page is in the store; `next` leads to the following one. */
  | { readonly type: 'page'; readonly resourceVersion: string; readonly next: string | undefined }
  /** The server ended the watch in good order. */
  | { readonly type: 'closed'; readonly lasted: number }
  /** Neither change nor bookmark for too long. */
  | { readonly type: 'silent'; readonly lasted: number }
  | WatchFailure
  /** The wait is over. */
  | { readonly type: 'due' };

/** What went wrong. */
export interface WatchFailure {
  /**
   * - `failed`: a request failed, or the stream of a watch was cut.
   * - `unusable`: the server delivered what cannot be used: an ERROR event, or something that is no event, no list, no object.
   */
  readonly type: 'failed' | 'unusable';
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  readonly reason: string;
  readonly message: string;
  readonly retryAfter: number | undefined;
  readonly lasted: number;
}

/** What to do next; it ends with one event. */
export type WatchAction =
  | { readonly type: 'list'; readonly next: string | undefined }
  | { readonly type: 'watch'; readonly resourceVersion: string; readonly timeoutSeconds: number }
  | { readonly type: 'wait'; readonly milliseconds: number };

/** What the log is to be told. */
export interface WatchLog {
  readonly level: 'debug' | 'info' | 'warn';
  readonly message: string;
}

/** A state, and the effects of entering it. */
export interface WatchStep {
  readonly state: WatchState;
  readonly action: WatchAction;
  readonly log?: WatchLog;
}

/** The least wait keeps reflectors that lost one server from falling upon it together; the most is what a person waits for a CRD. */
const BACKOFF = { least: 100, most: 30_000 };
/** A watch that lived so long was one, even if nothing happened in it: some load balancers cut idle connections after 30 s. */
const LONG_ENOUGH = 10_000;
/** How often in a row a server may ask for patience (429) before a person hears of it: one whose CRD is new does, for a second or two. */
const PATIENCE = 4;
/** client-go's bounds, in seconds: random, so that watches do not all begin anew together. */
const WATCH_TIMEOUT = { least: 300, spread: 300 };

/** The beginning: everything is listed. */
export function firstStep(): WatchStep {
  return list({ failures: 0, trouble: undefined });
}

/** What follows from an event. What cannot follow in this state leads to a new list: never to a standstill. */
export function nextStep(state: WatchState, event: WatchEvent, random: () => number): WatchStep {
  if (state.at === 'waiting') return begin(state.next, state, random);
  return state.at === 'listing' ? afterListing(state, event, random) : afterWatching(state, event, random);
}

/** The watch has delivered everything up to this version, by a change or a bookmark, and goes on. */
export function progress(state: WatchState, resourceVersion: string): Pick<WatchStep, 'state' | 'log'> {
  if (state.at !== 'watching') return { state };
  const { trouble, log } = recover(state, 'watch');
  return { state: { at: 'watching', resourceVersion, healthy: true, failures: 0, trouble }, ...log };
}

function afterListing(state: WatchState, event: WatchEvent, random: () => number): WatchStep {
  if (event.type === 'page') {
    if (event.next !== undefined) return { state, action: { type: 'list', next: event.next } };
    const { trouble, log } = recover(state, 'list');
    return { ...watch(event.resourceVersion, { failures: state.failures, trouble }, random), ...log };
  }
  // It may be that the list expired between two pages (410): the pages before are of no use then.
  if (isFailure(event)) return fail(state, event, { with: 'list' }, 'list', random);
  return list(state);
}

function afterWatching(state: WatchState & { at: 'watching' }, event: WatchEvent, random: () => number): WatchStep {
  const again: Start = { with: 'watch', resourceVersion: state.resourceVersion };
  if (event.type === 'closed') {
    return provenBy(state, event.lasted)
      ? begin(again, { ...state, failures: 0 }, random)
      : wait(state, again, 0, random);
  }
  if (event.type === 'silent') {
    // Not from where it ended: a server whose history was replaced (etcd restored) is silent until it has come as far again.
    const message = 'the watch was silent for too long: listing anew';
    return { ...wait(state, { with: 'list' }, 0, random), log: { level: 'info', message } };
  }
  if (isFailure(event)) {
    const row = provenBy(state, event.lasted) ? { ...state, failures: 0 } : state;
    return fail(row, event, mayContinue(event) ? again : { with: 'list' }, 'watch', random);
  }
  return list(state);
}

/** Whether this watch worked, so that its end begins a new row of failures. */
function provenBy(state: WatchState & { at: 'watching' }, lasted: number): boolean {
  return state.healthy || lasted >= LONG_ENOUGH;
}

function isFailure(event: WatchEvent): event is WatchFailure {
  return event.type === 'failed' || event.type === 'unusable';
}

/** Whether nothing speaks against the version where the watch ended: the server was not reached, was overloaded, or failed. */
function mayContinue({ type, status }: WatchFailure): boolean {
  return type === 'failed' && (status === undefined || status === 429 || status >= 500);
}

function begin(start: Start, common: Common, random: () => number): WatchStep {
  return start.with === 'list' ? list(common) : watch(start.resourceVersion, common, random);
}

function list({ failures, trouble }: Common): WatchStep {
  return { state: { at: 'listing', failures, trouble }, action: { type: 'list', next: undefined } };
}

function watch(resourceVersion: string, { failures, trouble }: Common, random: () => number): WatchStep {
  const timeoutSeconds = WATCH_TIMEOUT.least + Math.floor(random() * WATCH_TIMEOUT.spread);
  return {
    state: { at: 'watching', resourceVersion, healthy: false, failures, trouble },
    action: { type: 'watch', resourceVersion, timeoutSeconds },
  };
}

function wait(state: Common, next: Start, atLeast: number, random: () => number): WatchStep {
  const failures = state.failures + 1;
  const milliseconds = Math.max(backoff(failures, BACKOFF, random), Math.min(atLeast, BACKOFF.most));
  return {
    state: { at: 'waiting', next, failures, trouble: state.trouble },
    action: { type: 'wait', milliseconds },
  };
}

function fail(
  state: Common,
  failure: WatchFailure,
  next: Start,
  during: Trouble['during'],
  random: () => number,
): WatchStep {
  const { reason, status, message, retryAfter } = failure;
  const step = wait(state, next, retryAfter ?? 0, random);
  // Falling behind is an ordinary end of a watch, not a trouble.
  if (status === 410) return { ...step, log: { level: 'debug', message } };
  if (status === 429 && state.failures < PATIENCE) return { ...step, log: { level: 'debug', message } };
  if (state.trouble?.during === during && state.trouble.reason === reason) return step;
  return {
    state: { ...step.state, trouble: { during, reason } },
    action: step.action,
    log: { level: 'warn', message: `cannot ${during}: ${message}${REMEDIES.get(status) ?? '; trying again'}` },
  };
}

const REMEDIES: ReadonlyMap<number | undefined, string> = new Map([
  [401, ': renew the credential'],
  [403, ': allow "list" and "watch" by RBAC ("kubectl auth can-i" shows what is allowed)'],
  [404, ': install its CustomResourceDefinition; this goes on by itself then'],
]);

function recover(
  { trouble }: Common,
  during: Trouble['during'],
): { trouble: Trouble | undefined; log?: Pick<WatchStep, 'log'> } {
  if (trouble?.during !== during) return { trouble };
  return { trouble: undefined, log: { log: { level: 'info', message: `${during} works again` } } };
}
