// The one error of the Kubernetes client, and how an answer or a failure becomes it.

import { ILLEGIBLE } from '../illegible.ts';
import { redact } from './redact.ts';

/** One entry of a Status's `details.causes`: a field and what is wrong with it. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/**
 * - `refused`: the API server itself said no, so nothing happened: its own Status with a 4xx code, or any 429, which says by
 *   definition that the request was not taken up (the server's flow control sends it as plain text).
 * - `unknown`: everything else. A change may have happened: 5xx, a timeout, a reset, an abort, an answer that is not the API's.
 *   So is 408, which the API server never sends: a proxy does, and cannot know what it passed on. So is a refused connection,
 *   although nothing happened then: what a caller must do next (ask, then try again) is the same.
 */
export type Outcome = 'refused' | 'unknown';

interface ErrorFacts {
  readonly status?: number | undefined;
  readonly retryAfter?: number | undefined;
  readonly details?: readonly StatusCause[] | undefined;
  readonly cause?: unknown;
}

/**
 * Any failure of a request. The message is one printable line: what the server said, method and path; never a body or a
 * header, and values of Secrets that the server quoted are blanked.
 */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /**
   * The `reason` of the server's Status (`NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, ...; the list is `StatusReason`
   * in apimachinery's meta/v1 types), or one of ours: `Timeout`, `ConnectionFailed`, `Aborted`, `Unreadable` (an answer that is
   * not the API's: a 404 of a proxy is never `NotFound`), `TooManyRequests`.
   */
  readonly reason: string;
  readonly outcome: Outcome;
  /** Milliseconds the server asks us to wait. */
  readonly retryAfter: number | undefined;
  /** The fields that the server complains about. */
  readonly details: readonly StatusCause[] | undefined;

  constructor(reason: string, outcome: Outcome, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.reason = reason;
    this.outcome = outcome;
    this.status = facts.status;
    this.retryAfter = facts.retryAfter;
    this.details = facts.details;
  }
}

/** The part of a request that an error may tell, and the body whose values it must not. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** An answer other than 2xx, or one that cannot be read. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter?: string | undefined;
}

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly StatusCause[]; readonly retryAfterSeconds?: number };
}

/** The error for an answer that is not the one asked for. */
export function errorFromAnswer(asked: Asked, answer: Answer, now: number): KubernetesError {
  const status = readStatus(answer.text);
  const clientError = answer.status >= 400 && answer.status < 500 && answer.status !== 408;
  const throttled = answer.status === 429;
  const reason = status ? status.reason || 'Unknown' : throttled ? 'TooManyRequests' : 'Unreadable';
  const said =
    status?.message || `the server answered ${answer.status}${status ? '' : ", not with the API's own JSON"}`;
  const details = status?.details?.causes?.map((cause) => ({
    ...cause,
    ...(cause.message === undefined ? {} : { message: printable(redact(cause.message, asked.body)) }),
  }));
  return new KubernetesError(reason, throttled || (status && clientError) ? 'refused' : 'unknown', line(asked, said), {
    status: answer.status,
    retryAfter: readRetryAfter(answer.retryAfter, now) ?? inMilliseconds(status?.details?.retryAfterSeconds),
    details,
  });
}

/** The error for a Status that came by itself: the ERROR event of a watch. */
export function errorFromStatus(asked: Asked, status: unknown, now: number): KubernetesError {
  const code = typeof status === 'object' && status !== null && 'code' in status ? Number(status.code) : 500;
  return errorFromAnswer(asked, { status: code, text: JSON.stringify(status) ?? '' }, now);
}

/** Why the client itself gave a request up. */
export type GivenUp = 'Timeout' | 'Aborted';

/** The error for a request that got no answer; `givenUp` when it was the client that ended it. */
export function errorFromFailure(asked: Asked, cause: unknown, givenUp: GivenUp | undefined): KubernetesError {
  const said = {
    Timeout: () => 'no answer in time',
    Aborted: () => 'aborted',
    ConnectionFailed: () => `the connection failed: ${cause instanceof Error ? describe(cause) : String(cause)}`,
  };
  const reason = givenUp ?? 'ConnectionFailed';
  return new KubernetesError(reason, 'unknown', line(asked, said[reason]()), { cause });
}

/** Node's errors of several connection attempts have no message of their own. */
function describe(error: Error): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message || first.name : String(first);
}

function line(asked: Asked, said: string): string {
  return `${printable(redact(said, asked.body))} (${asked.method} ${asked.path})`;
}

/** Long enough for what an admission webhook has to say, short enough for a condition. */
const LONGEST = 1000;

function printable(text: string): string {
  const flat = text.replaceAll(ILLEGIBLE, ' ').replaceAll(/\s+/g, ' ').trim();
  return flat.length > LONGEST ? `${flat.slice(0, LONGEST)}...` : flat;
}

function readStatus(text: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isStatus(parsed)) return parsed;
  } catch {
    // Not JSON: a proxy's page, or plain text.
  }
  return undefined;
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

/** RFC 9110, 10.2.3: seconds or a date. */
function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function inMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1000;
}
