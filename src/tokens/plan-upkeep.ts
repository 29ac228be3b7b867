// A token that stands: it is kept as the spec wants it, and what it replaced is let go in time.

import type { TokenInfo } from '../influxdb/issuer.ts';
import type { Verdict } from '../resources/conditions.ts';
import { difference, type Change } from './drift.ts';
import { ended, marked, ownLedger, serverNow, serverView, settled } from './facts.ts';
import type { Ledger } from './ledger.ts';
import type { Observed, Wanted } from './observed.ts';
import { soonest } from './plan-overlap.ts';
import { activation } from './plan-probe.ts';
import { towardsEndOfLiving } from './revocation.ts';
import { renewalAt } from './schedule.ts';
import type { Decision, Situation, Step } from './step.ts';

/** The object's own token is in its Secret. */
export const tokenStanding: Situation = (o, now) => {
  const { wanted, cluster } = o;
  const ledger = ownLedger(o);
  if (wanted === undefined || cluster === undefined || ledger === undefined) return undefined;
  const updating: Verdict = { reason: 'Updating', message: 'Bringing the token in line with the spec.' };

  const view = serverView(o, ledger.tokenID);
  if (view === 'unlisted' || (view === undefined && !settled(o, ledger))) {
    return { step: { do: 'lookUp', id: ledger.tokenID }, verdict: updating };
  }
  if (view === 'gone') return gone(o, ledger);
  if (view !== undefined) {
    const change = changeOf(o, wanted, ledger, view);
    if (change !== undefined) {
      const seen = viewKey(view);
      const { changed } = o.memory;
      const tried = changed?.generation === o.object.metadata.generation && changed.view === seen;
      if (!tried) {
        // A list or an answer of long ago may still show a marker that was taken off since.
        const fresh = o.looked.tokens[ledger.tokenID] !== undefined;
        const step: Step = fresh ? { do: 'change', id: ledger.tokenID, change } : { do: 'lookUp', id: ledger.tokenID };
        return { step, verdict: updating };
      }
      const message = `The cluster accepted a change of token ${ledger.tokenID} but still reports its former ${Object.keys(change).join(' and ')}.`;
      return awaitingRenewal({ verdict: { reason: 'NotApplied', message } }, o, wanted, ledger);
    }
    if (ledger.clusterUID !== cluster.uid) {
      // The InfluxDBCluster was created anew; the server's own words show that it is the same cluster.
      if (o.secret.seen !== 'live') return { step: { do: 'lookAtSecret' }, verdict: updating };
      return { step: rewrite(ledger, { clusterUID: cluster.uid }), verdict: updating };
    }
  }
  if (o.secret.present && o.secret.asWanted === false) return { step: rewrite(ledger, {}), verdict: updating };
  if (o.secret.present && o.memory.verified === undefined) {
    // After a restart what stands with the right layout is taken as it is; whatever changes from now on is looked at.
    const { layout } = o;
    const verified = { resourceVersion: o.secret.resourceVersion, ...(layout === undefined ? {} : { layout }) };
    return { step: { do: 'remember', memory: { ...o.memory, verified } }, verdict: updating };
  }

  const step = tidyUp(o, ledger, now);
  const info: TokenInfo = view ?? {
    id: ledger.tokenID,
    description: '',
    permissions: wanted.permissions,
    createdAt: ledger.issuedAt,
  };
  const live = `Token ${ledger.tokenID} is live; its string is in Secret ${wanted.secretName}.`;
  const outcome = activation(o, now, info, live);
  const decision: Decision = 'reason' in outcome ? { verdict: outcome } : outcome;
  return awaitingRenewal(step === undefined ? decision : { ...decision, step }, o, wanted, ledger);
};

/** A 404 is believed only beside a list that shows other tokens of ours; then the token counts as revoked outside. */
function gone(o: Observed, ledger: Ledger): Decision {
  const verdict: Verdict = { reason: 'Updating', message: `Looking for token ${ledger.tokenID} on the cluster.` };
  const looked = o.looked.tokens[ledger.tokenID];
  const inventory = o.cluster?.inventory;
  if (looked !== undefined && (inventory === undefined || inventory.begun < looked.at)) {
    return { step: { do: 'takeInventory' }, verdict };
  }
  return {
    verdict: {
      reason: 'ClusterMismatch',
      message: `The cluster does not know token ${ledger.tokenID} nor any other that was issued on it: is spec.url of the InfluxDBCluster right? Nothing is minted and nothing let go.`,
    },
  };
}

/** What to change in place. What cannot be changed so was judged to need a successor; a token without our marker is not ours to change. */
function changeOf(o: Observed, wanted: Wanted, ledger: Ledger, view: TokenInfo): Change | undefined {
  if (o.cluster?.changesInPlace !== true || !marked(o, view)) return undefined;
  const { installation, object } = o;
  return difference(wanted, { installation, uid: object.metadata.uid, attempt: ledger.attempt }, view);
}

/** A view of the server as text, so that a change is sent once per view. */
export function viewKey(view: TokenInfo): string {
  const permissions = view.permissions.map(({ action, resource }) => `${action} ${resource}`).sort();
  return JSON.stringify([view.description, permissions]);
}

/** Strikes what was let go off the ledger, then lets go of tokens that the Secret can no longer come to name. */
function tidyUp(o: Observed, ledger: Ledger, now: number): Step | undefined {
  const at = serverNow(o.cluster, now);
  const over = ledger.superseded.filter(({ id, revokeAfter }) => {
    const towards = revokeAfter > at && !ended(o, id) ? 'unclear' : towardsEndOfLiving(o, id, 'its overlap ended');
    return towards === 'ended' || towards === 'not ours';
  });
  if (over.length === 0) return orphans(o, ledger);
  if (o.secret.seen !== 'live') return { do: 'lookAtSecret' };
  return rewrite(ledger, { superseded: ledger.superseded.filter((token) => !over.includes(token)) });
}

/**
 * Live tokens with this object's marker that its Secret does not name. One is revoked only after this process wrote the Secret
 * later than the inventory that showed it: a former leader that was paused with its string in hand then fails its
 * compare-and-swap, and cannot publish a token that we revoked.
 */
function orphans(o: Observed, ledger: Ledger): Step | undefined {
  const inventory = o.cluster?.inventory;
  if (inventory === undefined) return undefined;
  const named = new Set([ledger.tokenID, ...ledger.superseded.map(({ id }) => id)]);
  for (const { id } of inventory.tokens) {
    if (named.has(id) || o.memory.ended.includes(id) || o.memory.pending?.created.info.id === id) continue;
    if ((o.memory.ledgerWrittenAt ?? -1) < inventory.finished) {
      if (o.secret.seen !== 'live') return { do: 'lookAtSecret' };
      return rewrite(ledger, {});
    }
    const towards = towardsEndOfLiving(o, id, 'an orphan of a lost attempt');
    if (typeof towards === 'object') return towards.step;
  }
  return undefined;
}

function rewrite(from: Ledger, change: Partial<Pick<Ledger, 'clusterUID' | 'superseded'>>): Step {
  return { do: 'rewrite', from, to: { ...from, ...change, fence: from.fence + 1 } };
}

/** The decision, with a look when the token is due for renewal, or ends. */
function awaitingRenewal(decision: Decision, o: Observed, wanted: Wanted, ledger: Ledger): Decision {
  const due = renewalAt(wanted, ledger, o.object.metadata.uid) ?? ledger.expiresAt;
  return due === undefined ? decision : soonest(decision, [due - (o.cluster?.clockSkew ?? 0)]);
}
