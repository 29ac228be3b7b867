// What came of a step, as plain data: what the I/O hands back to the pure part.

import type { IssuerErrorKind } from '../influxdb/errors.ts';
import type { CreatedToken, TokenInfo } from '../influxdb/issuer.ts';
import type { ProbeVerdict } from '../influxdb/probe.ts';
import type { TokenObject } from '../resources/token-object.ts';
import type { ClusterView, SecretView } from './observed.ts';

/** A failure. Messages are one printable line without secrets. */
export type Failure =
  | {
      readonly of: 'issuer';
      readonly kind: IssuerErrorKind;
      readonly status?: number;
      readonly retryAfter?: number;
      readonly message: string;
      /** Whether the message says what to do. */
      readonly advises?: boolean;
    }
  | {
      readonly of: 'kubernetes';
      /** Whether the API server itself said no; else a change may have happened. */
      readonly refused: boolean;
      readonly reason: string;
      readonly status?: number;
      /** `details.causes[].reason` of its Status. */
      readonly causes: readonly string[];
      readonly retryAfter?: number;
      readonly message: string;
    };

/** What came of a step. */
export type Outcome =
  /** The object as the API server now has it. */
  | { readonly got: 'object'; readonly object: TokenObject }
  /** The object is gone, or another one has its name: there is nothing left to do for this one. */
  | { readonly got: 'no object' }
  /** The Secret as the API server now has it, live; `wrote` when this process has just written its ledger. */
  | { readonly got: 'secret'; readonly secret: SecretView; readonly wrote: boolean }
  /** The dry run passed. */
  | { readonly got: 'rehearsed' }
  /** A create found the name taken, or a compare-and-swap lost. */
  | { readonly got: 'conflict' }
  | { readonly got: 'created'; readonly created: CreatedToken }
  /** The server's words about a token, with our clock when it was asked. */
  | { readonly got: 'token'; readonly id: string; readonly info: TokenInfo | 'gone'; readonly at: number }
  | { readonly got: 'revoked'; readonly id: string }
  | { readonly got: 'probed'; readonly tokenID: string; readonly verdict: ProbeVerdict }
  | { readonly got: 'inventory'; readonly inventory: NonNullable<ClusterView['inventory']> }
  | { readonly got: 'nothing' }
  | { readonly got: 'failure'; readonly failure: Failure };
