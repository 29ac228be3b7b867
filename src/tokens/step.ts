// The steps that a plan may ask for. Each is one request to the outside, so that a crash can fall between any two.

import type { TokenRequest } from '../influxdb/issuer.ts';
import type { ProbeTarget } from '../influxdb/probe.ts';
import type { Verdict } from '../resources/conditions.ts';
import type { Change } from './drift.ts';
import type { Ledger } from './ledger.ts';
import type { Memory, Observed, Pending } from './observed.ts';

export type Step =
  /** Before anything exists outside: makes sure that we are asked before the object goes. */
  | { readonly do: 'addFinalizer' }
  /** Lets the object go. `left` names tokens that stay alive by decision. */
  | { readonly do: 'removeFinalizer'; readonly left: readonly string[]; readonly because: string }
  /** Live GET of the object. */
  | { readonly do: 'lookAtObject' }
  /** Live GET of the Secret. */
  | { readonly do: 'lookAtSecret' }
  /** Dry run of the write that will follow the mint: a create, or the compare-and-swap of the Secret with this UID. */
  | { readonly do: 'rehearse'; readonly into?: string }
  | {
      readonly do: 'mint';
      /** A renewal that fell due: it does not count in the budget. */
      readonly scheduled: boolean;
      readonly request: TokenRequest;
      readonly pending: Omit<Pending, 'created'>;
    }
  /** Writes the pending token into its Secret: a create-only POST, or a compare-and-swap. */
  | { readonly do: 'publish'; readonly pending: Pending; readonly ledger: Omit<Ledger, 'digest'> }
  /** Compare-and-swap of the Secret that keeps its token: keys, labels, owner, ledger. */
  | { readonly do: 'rewrite'; readonly from: Ledger; readonly to: Ledger }
  /** Takes the object off the Secret's owners, so that the Secret outlives it, and bumps the fence, so that no writer that slept undoes it. */
  | { readonly do: 'disown'; readonly from?: Ledger }
  /** Shows the token to the data API: the pending one, or the one in the Secret. */
  | { readonly do: 'probe'; readonly tokenID: string; readonly target: ProbeTarget }
  /** `GET /tokens/{id}`. */
  | { readonly do: 'lookUp'; readonly id: string }
  /** `PATCH /tokens/{id}`. */
  | {
      readonly do: 'change';
      readonly id: string;
      readonly change: Change;
    }
  /** `DELETE /tokens/{id}`. */
  | { readonly do: 'revoke'; readonly id: string; readonly why: string }
  /** A list of all tokens begun from now on, shared with whoever else wants one. */
  | { readonly do: 'takeInventory' }
  /** Deletes the Secret with this UID, before a token whose access was withdrawn is revoked. */
  | { readonly do: 'deleteSecret'; readonly uid: string }
  /** Changes only what this process remembers. */
  | { readonly do: 'remember'; readonly memory: Memory };

/** What the plan came to: one step to take now, or none; and how things stand if nothing more can be done. */
export interface Decision {
  readonly step?: Step;
  readonly verdict: Verdict;
  /** Our clock at which to look again, if nothing happens before. */
  readonly wakeAt?: number;
}

/**
 * One situation of an object: answers when it is the one to act upon, or says with `undefined` that it is not.
 *
 * @param now our clock, milliseconds since the Unix epoch
 */
export type Situation = (o: Observed, now: number) => Decision | undefined;
