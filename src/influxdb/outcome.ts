// Which `IssuerError` an exchange with the Management API ends in: the one table of what may be believed, and so what may be done next.

import { readAPIError, parseJSON } from './api-json.ts';
import { IssuerError, type IssuerErrorKind } from './errors.ts';
import type { HttpHeaders } from './http.ts';
import { advises, explain, type NetworkFailure } from './network-failure.ts';
import { printable } from './printable.ts';
import type { TokenString } from './token-string.ts';

/** What was tried, as messages name it. */
export interface Operation {
  /** `creating a token` */
  readonly name: string;
  /** A read can be repeated at will. A change cannot, unless it is certain that it did not happen. */
  readonly effect: 'read' | 'change';
  /** Host and port of the Management API. */
  readonly host: string;
  /** The one token that it is about. Where there is none, a 404 can only mean that the URL leads elsewhere. */
  readonly id?: string;
  /** Our own credential, which no message may repeat, should the server do so. */
  readonly credential: TokenString;
}

/** An answer; `text` is its body as far as it could be read. */
export interface Answer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly text?: string | undefined;
}

/** The longest `Retry-After` that is believed: a gateway's slip must not stop us for a day. */
const LONGEST_RETRY_AFTER = 3_600_000;

/**
 * For an answer whose status is not the success of this operation. `now` is our clock, for a `Retry-After` that is a date.
 *
 * For a change every 4xx but 408, 409 and 429 is a answer, by the API or by what stands before it, and nothing happened. (Should a gateway refuse
 * *after* the API acted, the inventory finds the token by its marker.) `NotFound` is only what the API itself says in its own JSON.
 */
export function errorForAnswer(operation: Operation, answer: Answer, now: number): IssuerError {
  const { status } = answer;
  const said = readAPIError(parseJSON(answer.text ?? ''), status);
  const retryAfter = readRetryAfter(answer.headers['retry-after'], now);
  const message = `it answered ${status}${describe(answer, said, operation)}`;
  return failed(operation, kindOf(status, operation.effect, said !== undefined), message, {
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function kindOf(status: number, effect: 'read' | 'change', isAPI: boolean): IssuerErrorKind {
  if (status === 401) return 'CredentialsRejected';
  if (status === 429) return 'Unavailable';
  const clientError = status >= 400 && status < 500;
  if (effect === 'change') {
    if (!clientError || status === 408 || status === 409) return 'OutcomeUnknown';
    return status === 404 && isAPI ? 'NotFound' : 'Refused';
  }
  if (status === 408 || status >= 500) return 'Unavailable';
  if (!clientError || !isAPI) return 'Unreadable';
  return status === 404 ? 'NotFound' : 'Refused';
}

/** For an answer of success whose content is not what the API documents; `why` continues "its answer is not understood: ". */
export function errorForContent(operation: Operation, answer: Answer, why: string): IssuerError {
  const kind = operation.effect === 'change' ? 'OutcomeUnknown' : 'Unreadable';
  const hint = isHTML(answer.headers) ? 'it is HTML; is spec.url the Management API?' : why;
  return failed(operation, kind, `its answer is not understood: ${hint}`, { status: answer.status });
}

/** For an exchange that got no complete answer. */
export function errorForFailure(operation: Operation, failure: NetworkFailure): IssuerError {
  const cutOff = failure.answered && !failure.slow;
  const message = `${explain(failure.code, 'spec.url')}${cutOff ? ' in the middle of its answer' : ''}`;
  const details = { advises: advises(failure.code) };
  if (operation.effect === 'change')
    return failed(operation, failure.sent ? 'OutcomeUnknown' : 'Unavailable', message, details);
  return failed(operation, cutOff ? 'Unreadable' : 'Unavailable', message, details);
}

/** For a credential that cannot be sent. */
export function errorForCredential(operation: Operation): IssuerError {
  const why =
    'the credential is empty or holds white space or another character that no header may; check spec.credentials';
  return failed(operation, 'CredentialsRejected', `nothing was sent, as ${why}`, { advises: true });
}

/** For an id that is none, and could lead elsewhere if it stood in a URL. */
export function errorForID(operation: Operation): IssuerError {
  return failed(operation, 'Refused', 'nothing was sent, as the id is not a UUID');
}

function failed(
  operation: Operation,
  kind: IssuerErrorKind,
  message: string,
  details: { status?: number; retryAfter?: number; advises?: boolean } = {},
): IssuerError {
  const consequence = kind === 'OutcomeUnknown' ? '; whether it took effect is unknown' : '';
  return new IssuerError(kind, `${operation.name} at ${operation.host}: ${message}${consequence}`, details);
}

/** What to add to the status: the API's own words, or what the answer is instead and what that hints at. */
function describe(answer: Answer, said: string | undefined, { credential, id }: Operation): string {
  const { status, headers } = answer;
  const astray = status === 404 && id === undefined;
  if (said !== undefined) {
    return `: ${printable(said, [credential])}${astray ? '; is spec.url the Management API?' : ''}`;
  }
  // Where to is not told: not even the host is safe from holding what was sent.
  if (status >= 300 && status < 400)
    return ', a redirect, which is not followed; check scheme, host and path of spec.url';
  if (isHTML(headers)) return ` with HTML; is spec.url the Management API?`;
  const telling = status === 401 || status === 408 || status === 429 || status >= 500;
  return telling ? '' : ` without the API's own JSON; is spec.url the Management API?`;
}

/** Whether a person was meant to read the answer: a login page, or an ingress without a backend. */
export function isHTML(headers: HttpHeaders): boolean {
  return /^\s*(text\/html|application\/xhtml)/i.test(String(headers['content-type']));
}

/** `Retry-After` (RFC 9110, 10.2.3: seconds or a date) in milliseconds from now. */
export function readRetryAfter(value: string | string[] | undefined, now: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const milliseconds = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(0, milliseconds), LONGEST_RETRY_AFTER);
}
