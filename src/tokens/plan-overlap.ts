// What a token replaced is let go when its overlap has ended, whatever else keeps the object from being looked after.

import { ended, ownLedger, serverNow, suspended, waiting } from './facts.ts';
import type { Observed } from './observed.ts';
import { towardsEndOfLiving } from './revocation.ts';
import type { Decision, Situation } from './step.ts';

/** What could not be let go in time, for want of a cluster that answers or knows us, is looked at again after this. */
const RECHECK = 5 * 60_000;

/** The way to the end of a token whose overlap has ended; it leads past what the cluster cannot judge. */
export const overlapEnded: Situation = (o, now) => {
  const { cluster } = o;
  if (cluster === undefined || cluster.hindrance !== undefined || suspended(o) || waiting(o, now) !== undefined)
    return undefined;
  for (const id of overdue(o, now)) {
    const towards = towardsEndOfLiving(o, id, 'its overlap ended');
    if (typeof towards !== 'object') continue;
    return {
      step: towards.step,
      verdict: { reason: 'Updating', message: `Letting go of token ${id}, which was replaced.` },
    };
  }
  return undefined;
};

function overdue(o: Observed, now: number): string[] {
  const at = serverNow(o.cluster, now);
  const superseded = ownLedger(o)?.superseded ?? [];
  return superseded.filter(({ id, revokeAfter }) => revokeAfter <= at && !ended(o, id)).map(({ id }) => id);
}

/** The decision, with a look at the end of each overlap if nothing happens before. */
export function awaitingOverlaps(decision: Decision, o: Observed, now: number): Decision {
  const at = serverNow(o.cluster, now);
  const ends = (ownLedger(o)?.superseded ?? [])
    .filter(({ id }) => !ended(o, id))
    .map(({ revokeAfter }) => (revokeAfter > at ? now + (revokeAfter - at) : now + RECHECK));
  return soonest(decision, ends);
}

/** The decision, to be looked at again at the first of these instants by our clock, if it is not to be before. */
export function soonest(decision: Decision, instants: readonly number[]): Decision {
  const all = decision.wakeAt === undefined ? instants : [decision.wakeAt, ...instants];
  return all.length === 0 ? decision : { ...decision, wakeAt: Math.min(...all) };
}
