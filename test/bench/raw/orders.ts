// What the benchmark tells the raw loop's process, and what that answers. All of it survives JSON.

import type { Address } from '../endpoint.ts';

/** The first message. */
export interface Setup {
  readonly kubernetes: Address;
  readonly influxDB: Address;
  readonly namespace: string;
  readonly cluster: string;
  /** How many tokens are issued at the same time. */
  readonly workers: number;
}

/** One order at a time; each is answered by one `Answer`. */
export type Order =
  /** Connects, and reads the objects that are there already. */
  | { readonly do: 'prepare'; readonly setup: Setup }
  /** Creates a DatabaseToken, as a user does, and no more. */
  | { readonly do: 'apply'; readonly name: string }
  /** Creates a DatabaseToken and issues its token at once. */
  | { readonly do: 'applyAndIssue'; readonly name: string }
  /** Issues the tokens of all objects that `prepare` found. */
  | { readonly do: 'issueAll' };

/** `startedAt`: when the order's first request set out, on the monotonic clock that all processes of a machine share, milliseconds. */
export type Answer = { readonly startedAt: number } | { readonly error: string };
