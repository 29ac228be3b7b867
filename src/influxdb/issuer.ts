// What the operator needs of something that issues tokens; the Management API is one implementation of it.

import type { TokenString } from './token-string.ts';

/** One grant, in the Management API's own words. `resource` is a database name or `*`. */
export interface Permission {
  readonly action: 'read' | 'write';
  readonly resource: string;
}

/** A token as the server describes it, without its string. Instants are milliseconds since the Unix epoch. */
export interface TokenInfo {
  readonly id: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

/** What is asked of the server when a token is created. `expiresAt` in milliseconds since the Unix epoch. */
export interface TokenRequest {
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly expiresAt?: number;
}

/** The answer to a creation: the only time the string is ever seen. */
export interface CreatedToken {
  readonly info: TokenInfo;
  readonly string: TokenString;
}

/** One look at all tokens of a cluster. */
export interface TokenList {
  /** The entries that `keep` accepted, revoked ones included. */
  readonly tokens: readonly TokenInfo[];
  /** How many entries the server listed altogether. */
  readonly total: number;
}

/**
 * Creates, reads, changes and revokes tokens on one InfluxDB cluster. Every method rejects with an `IssuerError` and nothing else,
 * except that an aborted signal rejects with its reason: a read at any time, a change only while nothing has been sent.
 */
export interface TokenIssuer {
  /**
   * Lists tokens, keeping only what `keep` accepts, so that a list of hundreds of thousands costs no memory. The list is whole or an error.
   *
   * `containing` is a text that the description of every token contains that `keep` accepts, such as our marker: other entries are then only
   * counted, which is far cheaper, and a stranger's malformed entry is no error.
   */
  list(keep: (token: TokenInfo) => boolean, signal?: AbortSignal, containing?: string): Promise<TokenList>;
  /** Creates a token. Never retried: after an `OutcomeUnknown` the token may exist. */
  create(request: TokenRequest, signal?: AbortSignal): Promise<CreatedToken>;
  /** Reads one token; `undefined` when the API itself, in its own JSON, says 404. */
  get(id: string, signal?: AbortSignal): Promise<TokenInfo | undefined>;
  /** Replaces description, permissions or both; absent where the issuer cannot change a token in place. */
  update?(
    id: string,
    change: { description?: string; permissions?: readonly Permission[] },
    signal?: AbortSignal,
  ): Promise<TokenInfo>;
  /** Revokes a token. `false` when the API itself, in its own JSON, says 404. Revoking a revoked token is success. */
  revoke(id: string, signal?: AbortSignal): Promise<boolean>;
  /** Difference between the server's clock and ours in milliseconds (positive: the server is ahead), from its last `Date`; 0 before. */
  readonly clockSkew: number;
  /**
   * When the credential ends that it is asked with, in milliseconds since the Unix epoch, as the last list shows it; `undefined` where that is
   * not shown.
   */
  readonly credentialEnd?: number | undefined;
}
