// What can go wrong when talking to an issuer, told apart by what may be done next.

/**
 * - `Refused`: the server, or for a change what stands before it, said no (400, 403, any other 4xx): nothing happened; trying the same again is useless.
 * - `CredentialsRejected`: 401 on our own credential, or one that cannot stand in a header: nothing happened.
 * - `NotFound`: 404 in the API's own JSON.
 * - `Unavailable`: nothing reached the server (connection refused, DNS, TLS), it said that nothing happened (429), or a *read* failed for
 *   a while (5xx, timeout): safe to try again.
 * - `Unreadable`: a *read* got an answer that is not the API's (HTML, a redirect, malformed or cut JSON, a 404 that is not the API's own).
 * - `Unusable`: the command that the issuer runs is missing, too old or cannot be run: nothing happened.
 * - `OutcomeUnknown`: a *change* was sent and no trustworthy answer came (5xx, 408, 409, reset, timeout, redirect, unreadable answer).
 */
export type IssuerErrorKind =
  'Refused' | 'CredentialsRejected' | 'NotFound' | 'Unavailable' | 'Unreadable' | 'Unusable' | 'OutcomeUnknown';

/** The one error of every issuer. Its message is one printable line, made for a condition: what happened and, where it `advises`, what to look at; never a secret. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
  readonly kind: IssuerErrorKind;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  /** Milliseconds to wait, where the server asked for it (`Retry-After`). */
  readonly retryAfter: number | undefined;
  /** Whether the message also says what to do. */
  readonly advises: boolean;

  constructor(
    kind: IssuerErrorKind,
    message: string,
    details: { status?: number; retryAfter?: number; advises?: boolean; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.advises = details.advises ?? false;
  }
}
