// The way to a sure revocation: look at the server's own words first, and revoke only what carries our marker.

import { ended, marked } from './facts.ts';
import type { Observed } from './observed.ts';
import type { Step } from './step.ts';

/** What stands between a token and its end: the next step; or that it has ended, is not ours to touch, or cannot be judged. */
export type Towards = { readonly step: Step } | 'ended' | 'not ours' | 'unclear';

/**
 * The next step towards the end of a token of an object that is going. Ids in status and annotations are hints that a tenant
 * can forge: the server's description decides.
 */
export function towardsEnd(o: Observed, id: string, why: string): Towards {
  if (ended(o, id)) return 'ended';
  const looked = o.looked.tokens[id];
  if (looked === undefined) return { step: { do: 'lookUp', id } };
  if (looked.info === 'gone') {
    const inventory = o.cluster?.inventory;
    return inventory === undefined || inventory.begun < looked.at ? { step: { do: 'takeInventory' } } : 'unclear';
  }
  return marked(o, looked.info) ? { step: { do: 'revoke', id, why } } : 'not ours';
}

/**
 * As `towardsEnd`, for a living object: object and Secret are read live first, because a stale view of either would revoke
 * a token that an application is using.
 */
export function towardsEndOfLiving(o: Observed, id: string, why: string): Towards {
  if (ended(o, id)) return 'ended';
  if (!o.looked.object) return { step: { do: 'lookAtObject' } };
  if (o.secret.seen !== 'live') return { step: { do: 'lookAtSecret' } };
  if (o.secret.present && o.secret.ledger?.tokenID === id) return 'not ours';
  // Its ledger and its string do not fit each other: whoever edited it, the string may be that of any token that we made.
  if (o.secret.present && o.secret.intact === false) return 'unclear';
  return towardsEnd(o, id, why);
}
