// How a verdict becomes the conditions that kubectl, kstatus and Argo CD read.

import { ILLEGIBLE } from '../illegible.ts';
import { isReason, NOTHING_TO_DO, REASONS, type Reason, type ReasonClass } from './reasons.ts';

/** A condition as the Kubernetes API conventions define it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** What was found out about an object. */
export interface Verdict {
  readonly reason: Reason;
  /** One printable line: what is the case. */
  readonly message: string;
  /** What to do, where it is not what the catalogue says of the reason; `''` where the message says it already. */
  readonly remedy?: string;
  /** Whether a live token stands that matches the spec: a passing hindrance then leaves Ready as it was. */
  readonly standing?: boolean;
}

/** API conventions: a message holds at most 32768 characters; ours stay readable in a terminal. */
const LONGEST_MESSAGE = 1024;

/** The message as it may stand in a condition or a log: one line that drives no terminal, and not too long. */
export function legible(message: string): string {
  // Half a character would come back from the API server as another one, and be written again for ever.
  return message.slice(0, LONGEST_MESSAGE).replaceAll(ILLEGIBLE, ' ').toWellFormed();
}

/** The message of a condition: what is the case and then what to do, which has to be read however long the rest is. */
export function advice({ reason, message, remedy = REASONS[reason].remedy }: Verdict): string {
  if (remedy === '' || remedy === NOTHING_TO_DO) return legible(message);
  const told = message.length + remedy.length < LONGEST_MESSAGE ? message : cut(message, remedy);
  return legible(`${sentence(told)} ${remedy}`);
}

/** Messages of failures end without a full stop, so that they can be quoted. */
function sentence(message: string): string {
  return /[.?!…]$/.test(message) ? message : `${message}.`;
}

function cut(message: string, remedy: string): string {
  return `${message.slice(0, Math.max(0, LONGEST_MESSAGE - remedy.length - 3))}…`;
}

type Draft = Omit<Condition, 'lastTransitionTime'>;

/**
 * The conditions of an object. Reconciling and Stalled exclude each other and are absent when false, as kstatus expects
 * (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md). A transition time changes only with the status.
 *
 * @param now milliseconds since the Unix epoch
 */
export function conditionsOf(
  verdict: Verdict,
  before: readonly Condition[],
  generation: number,
  now: number,
): Condition[] {
  const group: ReasonClass = REASONS[verdict.reason].class;
  const message = advice(verdict);
  const draft = (type: string, status: Condition['status']): Draft => ({
    type,
    status,
    reason: verdict.reason,
    message,
    observedGeneration: generation,
  });
  const readyBefore = before.find(({ type }) => type === 'Ready');
  const drafts: Draft[] = [];
  switch (group) {
    case 'good':
      drafts.push(draft('Ready', 'True'), draft('Synced', 'True'));
      break;
    case 'underway':
      drafts.push(draft('Ready', 'False'), draft('Synced', 'False'), draft('Reconciling', 'True'));
      break;
    case 'stalled':
      drafts.push(draft('Ready', 'False'), draft('Synced', 'False'), draft('Stalled', 'True'));
      break;
    case 'suspended':
      // Whatever the spec says by now, what is in effect is what was.
      drafts.push(
        {
          ...draft('Ready', readyBefore?.status ?? 'False'),
          ...(readyBefore?.observedGeneration === undefined
            ? {}
            : { observedGeneration: readyBefore.observedGeneration }),
        },
        draft('Synced', 'Unknown'),
      );
      break;
    case 'retrying':
      if (verdict.standing === true && readyBefore?.status === 'True') {
        drafts.push({ ...stillGood(readyBefore), observedGeneration: generation }, draft('Synced', 'False'));
      } else {
        drafts.push(draft('Ready', 'False'), draft('Synced', 'False'), draft('Reconciling', 'True'));
      }
      break;
  }
  return drafts.map((next) => {
    const old = before.find(({ type }) => type === next.type);
    return { ...next, lastTransitionTime: old?.status === next.status ? old.lastTransitionTime : rfc3339(now) };
  });
}

/** What Ready said is still so; unless it said that the object is suspended, which it may be no longer. */
function stillGood(ready: Condition): Condition {
  if (isReason(ready.reason) && REASONS[ready.reason].class === 'good') return ready;
  return { ...ready, reason: 'Issued' satisfies Reason, message: REASONS.Issued.meaning };
}

const DAY = 86_400_000;
/** The dates of days since the Unix epoch, up to the `T`. `toISOString` takes several times as long as all that is made of it. */
const dates = new Map<number, string>();
const MOST_DATES = 1_000;

/**
 * An instant, milliseconds since the Unix epoch, as Kubernetes writes it: RFC 3339 in UTC, whole seconds. Throws a `RangeError` for one
 * that a `Date` cannot hold.
 */
export function rfc3339(instant: number): string {
  const day = Math.floor(instant / DAY);
  const date = dates.get(day) ?? dateOf(day);
  const seconds = Math.floor((instant - day * DAY) / 1000);
  return `${date}${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}Z`;
}

function dateOf(day: number): string {
  const date = new Date(day * DAY).toISOString().slice(0, -13);
  if (dates.size >= MOST_DATES) dates.clear();
  dates.set(day, date);
  return date;
}

function two(number: number): string {
  const digits = Math.floor(number);
  return digits < 10 ? `0${digits}` : `${digits}`;
}
