// The plan: from what was observed of one object to the one step to take now, and to how the object stands. Pure.

import type { Verdict } from '../resources/conditions.ts';
import { FINALIZER } from '../resources/group.ts';
import { ownership, ownLedger, serverNow, standing, suspended, waiting } from './facts.ts';
import { needsLook } from './mint-cause.ts';
import type { Observed } from './observed.ts';
import { deleting } from './plan-deletion.ts';
import { awaitingOverlaps, overlapEnded } from './plan-overlap.ts';
import { tokenMissing } from './plan-mint.ts';
import { givenUp, pendingToken } from './plan-pending.ts';
import { tokenStanding } from './plan-upkeep.ts';
import { towardsEnd } from './revocation.ts';
import type { Decision, Situation } from './step.ts';

/** A foreign Secret is not in our watch, so nobody tells us when it goes. */
const CONFLICT_RECHECK = 5 * 60_000;

const specInvalid: Situation = (o) =>
  o.problem === undefined ? undefined : { verdict: { reason: 'InvalidSpec', message: o.problem, remedy: '' } };

const onHold: Situation = (o) => {
  if (!suspended(o)) return undefined;
  const where = o.object.spec.suspend === true ? 'this object' : `InfluxDBCluster ${o.cluster?.name ?? ''}`;
  return {
    verdict: {
      reason: 'Suspended',
      message: `spec.suspend of ${where} is true: nothing is minted, changed or revoked.`,
    },
  };
};

const clusterMissing: Situation = (o) => {
  if (o.cluster !== undefined) return undefined;
  const name = o.object.spec.clusterRef?.name ?? 'default';
  return {
    verdict: {
      reason: 'ClusterNotFound',
      message: `There is no InfluxDBCluster "${name}".`,
    },
  };
};

/** Something failed a moment ago: it is tried again when its time has come, or at once for a changed spec. */
const setback: Situation = (o, now) => {
  const last = waiting(o, now);
  if (last === undefined) return undefined;
  return { verdict: { ...last.verdict, standing: standing(o, now) }, wakeAt: last.retryAt };
};

const accessDenied: Situation = (o, now) => {
  const { access } = o;
  // Ceilings are about the minting: a token that stands keeps standing, and is refused when it needs a successor.
  if (access.allowed || (access.ceiling === true && ownLedger(o) !== undefined)) return undefined;
  const verdict: Verdict = { reason: 'AccessDenied', message: access.message, remedy: '' };
  const last = waiting(o, now);
  if (last !== undefined) return { verdict, wakeAt: last.retryAt };
  const step = o.cluster?.withdrawal === 'Revoke' && access.ceiling !== true ? withdraw(o) : undefined;
  return step === undefined ? { verdict } : { step, verdict };
};

/** `accessWithdrawal: Revoke`: the Secret goes first, so that no application is left with a token that we revoked. */
function withdraw(o: Observed): Decision['step'] {
  const { secret, cluster } = o;
  if (cluster?.hindrance !== undefined) return undefined;
  const ids = [o.object.status?.token?.id, ...(o.object.status?.superseded ?? []).map(({ id }) => id)];
  // One with a damaged ledger may hold the token all the same.
  if (secret.present && ['ours', 'ours, ledger damaged'].includes(ownership(o, secret))) {
    if (secret.seen !== 'live') return { do: 'lookAtSecret' };
    return secret.terminating ? undefined : { do: 'deleteSecret', uid: secret.uid };
  }
  for (const { id } of cluster?.inventory?.tokens ?? []) ids.push(id);
  for (const id of ids) {
    if (id === undefined || o.memory.ended.includes(id)) continue;
    if (secret.seen !== 'live') return { do: 'lookAtSecret' };
    if (!o.looked.object) return { do: 'lookAtObject' };
    const towards = towardsEnd(o, id, 'access was withdrawn');
    if (typeof towards === 'object') return towards.step;
  }
  return undefined;
}

const secretUnseen: Situation = (o) =>
  needsLook(o)
    ? { step: { do: 'lookAtSecret' }, verdict: { reason: 'Issuing', message: 'Looking at the Secret.' } }
    : undefined;

const secretForeign: Situation = (o, now) => {
  const { secret } = o;
  if (!secret.present || ownership(o, secret) !== 'foreign') return undefined;
  const holder =
    secret.ledger === undefined
      ? secret.owners.length === 0
        ? 'exists already and was not created for this object'
        : `belongs to ${secret.owners.join(', ')}`
      : `belongs to ${secret.ledger.object.split('/').slice(0, 3).join('/')}${secret.ownerUIDs.length === 0 ? ' and was retained' : ''}`;
  const name = o.wanted?.secretName ?? o.object.metadata.name;
  return {
    verdict: {
      reason: 'SecretConflict',
      message: `Secret ${name} ${holder}; nothing was minted and it is not touched.`,
    },
    wakeAt: now + CONFLICT_RECHECK,
  };
};

const namespaceTerminating: Situation = (o) =>
  o.namespaceTerminating && !o.secret.present
    ? {
        verdict: {
          reason: 'NamespaceTerminating',
          message: 'The namespace is being deleted; no Secret can be created in it.',
        },
      }
    : undefined;

const expired: Situation = (o, now) => {
  const end = o.wanted?.expiresAt;
  if (end === undefined || end > serverNow(o.cluster, now)) return undefined;
  return {
    verdict: { reason: 'Expired', message: 'spec.expiresAt is in the past.' },
  };
};

const clusterHindered: Situation = (o, now) => {
  const hindrance = o.cluster?.hindrance;
  return hindrance === undefined ? undefined : { verdict: { ...hindrance, standing: standing(o, now) } };
};

/** Before anything exists outside, so that the object cannot go without us. */
const unfinalized: Situation = (o) =>
  (o.object.metadata.finalizers ?? []).includes(FINALIZER)
    ? undefined
    : { step: { do: 'addFinalizer' }, verdict: { reason: 'Issuing', message: 'Preparing to create a token.' } };

/** The table: the first situation that applies decides. The order says what takes precedence. */
const SITUATIONS: readonly Situation[] = [
  deleting,
  overlapEnded,
  specInvalid,
  givenUp,
  pendingToken,
  onHold,
  clusterMissing,
  accessDenied,
  setback,
  namespaceTerminating,
  secretUnseen,
  secretForeign,
  expired,
  clusterHindered,
  unfinalized,
  tokenMissing,
  tokenStanding,
];

/**
 * Decides. The caller carries out the step, observes again and asks again, until no step is left; then it writes the verdict.
 *
 * @param now our clock, milliseconds since the Unix epoch
 */
export function plan(o: Observed, now: number): Decision {
  for (const situation of SITUATIONS) {
    const decision = situation(o, now);
    if (decision !== undefined) return decision.step === undefined ? awaitingOverlaps(decision, o, now) : decision;
  }
  return {
    verdict: { reason: 'InternalError', message: 'The plan knows no situation like this one.' },
  };
}
