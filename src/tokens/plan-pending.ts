// A token whose string is still in memory: it is written into its Secret, or given up and revoked.

import { overlapEnd } from './schedule.ts';
import { ownership, referenceOf, rotating, rotationNonces, serverNow, standing, suspended, waiting } from './facts.ts';
import type { Ledger } from './ledger.ts';
import { bySpec } from './mint-cause.ts';
import type { InVain, Memory, Observed, Pending } from './observed.ts';
import { towardsEnd } from './revocation.ts';
import type { Decision, Situation } from './step.ts';
import { probing } from './plan-probe.ts';

/** A given-up token was made by this process and never written, so nothing can come to name it: it goes at once. */
export const givenUp: Situation = (o, now) => {
  const { pending } = o.memory;
  if (pending?.givenUp !== true) return undefined;
  const { id } = pending.created.info;
  const verdict = { reason: 'Issuing', message: `Revoking token ${id}, which could not be written.` } as const;
  const { pending: _, ...rest } = o.memory;
  // Should the Secret name it all the same, it was written, and nothing may revoke it.
  if (o.secret.present && o.secret.ledger?.tokenID === id) return { step: { do: 'remember', memory: rest }, verdict };
  const cannot = o.cluster === undefined || o.cluster.hindrance !== undefined || suspended(o);
  const towards = cannot || waiting(o, now) !== undefined ? 'unclear' : towardsEnd(o, id, 'never written');
  if (typeof towards === 'object') return { step: towards.step, verdict };
  if (towards === 'unclear') {
    // The inventory finds it by its marker once the cluster can be asked; holding on to the string would help nobody.
    const unsettled = [...rest.unsettled, { attempt: pending.attempt, at: now }];
    return { step: { do: 'remember', memory: { ...rest, unsettled } }, verdict };
  }
  return { step: { do: 'remember', memory: rest }, verdict };
};

/** Finishes what was begun, even if access was withdrawn meanwhile: the string must not be lost while it may still be written. */
export const pendingToken: Situation = (o, now) => {
  const { pending } = o.memory;
  if (pending === undefined) return undefined;
  const verdict = verdictOf(o, pending, now);
  const { secret } = o;

  if (secret.seen === 'live') {
    const outcome = settlement(o, pending);
    if (outcome === 'written') {
      const { pending: _, unwritten: __, ...rest } = o.memory;
      // Nobody knows when it arrived, so it makes no orphan safe to revoke.
      return { step: { do: 'remember', memory: { ...rest, ledgerWrittenAt: rest.ledgerWrittenAt ?? 0 } }, verdict };
    }
    if (outcome === 'unknown') {
      const { pending: _, ...rest } = o.memory;
      const unsettled = [...rest.unsettled, { attempt: pending.attempt, at: now }];
      return { step: { do: 'remember', memory: { ...rest, unsettled, unwritten: unwritten(o, now) } }, verdict };
    }
    if (outcome === 'give up') {
      const memory: Memory = { ...o.memory, unwritten: unwritten(o, now), pending: { ...pending, givenUp: true } };
      return { step: { do: 'remember', memory }, verdict };
    }
    if (outcome !== pending.base) {
      const { base: _, ...rest } = pending;
      const rebased: Pending = outcome === undefined ? rest : { ...rest, base: outcome };
      return { step: { do: 'remember', memory: { ...o.memory, pending: rebased } }, verdict };
    }
  }
  const last = waiting(o, now);
  if (last !== undefined) {
    const works = pending.probeFirst && standing(o, now);
    return { verdict: { ...last.verdict, standing: works }, wakeAt: last.retryAt };
  }
  // What the Secret holds depends on the cluster's spec. A successor can wait for the end of a suspension; a first token is written.
  if (o.cluster === undefined || o.cluster.hindrance?.reason === 'InvalidSpec') return undefined;
  if (pending.probeFirst && suspended(o)) return undefined;
  if (pending.unsure === true && secret.seen !== 'live') return { step: { do: 'lookAtSecret' }, verdict };
  if (pending.probeFirst) {
    const acceptance = probing(o, now, pending.created.info, verdict);
    if (acceptance === 'refused') {
      const memory: Memory = { ...o.memory, refused: inVain(o, now), pending: { ...pending, givenUp: true } };
      return { step: { do: 'remember', memory }, verdict };
    }
    if (acceptance !== 'done') return acceptance;
  }
  return { step: { do: 'publish', pending, ledger: ledgerOf(o, pending, now) }, verdict };
};

/** One more that was created and could not be written. */
function unwritten(o: Observed, now: number): NonNullable<Memory['unwritten']> {
  return { ...inVain(o, now), count: (o.memory.unwritten?.count ?? 0) + 1 };
}

function inVain(o: Observed, now: number): InVain {
  return { at: now, generation: o.object.metadata.generation, nonces: rotationNonces(o) };
}

/**
 * What a live look at the Secret says about a pending write: it has arrived after all; it can never be made; nobody can tell; or it
 * may be (tried again), into the base that is returned (`undefined`: by creating the Secret).
 */
function settlement(o: Observed, pending: Pending): 'written' | 'give up' | 'unknown' | Pending['base'] {
  const { secret } = o;
  const { base } = pending;
  const { id } = pending.created.info;
  if (!secret.present) {
    // It was deleted before our compare-and-swap: creating it anew is what its deletion asks for.
    return undefined;
  }
  const { ledger } = secret;
  if (ledger?.tokenID === id) return 'written';
  if (ledger?.superseded.some((token) => token.id === id)) return 'written';
  // Our own Secret without a ledger may be the one of an unsure write: its token may be in use, so it is not revoked.
  const stripped = ledger === undefined && secret.ownerUIDs.includes(o.object.metadata.uid);
  if (stripped && pending.unsure === true) return 'unknown';
  if (base === undefined || base.uid !== secret.uid || base.ledger?.tokenID !== ledger?.tokenID) {
    // Nor while ledger and string do not fit each other: somebody made it name another, and the string may be that of this token.
    const garbled = secret.intact === false && ownership(o, secret) === 'ours';
    return garbled && pending.unsure === true ? 'unknown' : 'give up';
  }
  if (ownership(o, secret) === 'foreign') return 'give up';
  // Another process wrote it since: perhaps to revoke this very token, as one that nothing can come to name any more.
  return base.ledger?.fence === ledger?.fence ? base : 'give up';
}

/** The ledger that names the pending token as current. Tokens in `superseded` get their overlap from the moment of this write. */
function ledgerOf(o: Observed, pending: Pending, now: number): Omit<Ledger, 'digest'> {
  const { info } = pending.created;
  const at = serverNow(o.cluster, now);
  const superseded = pending.superseded.map(({ id, expiresAt }) => ({
    id,
    revokeAfter: pending.atOnce === true || o.wanted === undefined ? at : overlapEnd(o.wanted, expiresAt, at),
  }));
  return {
    object: referenceOf(o),
    clusterUID: pending.clusterUID,
    tokenID: info.id,
    attempt: pending.attempt,
    issuedAt: pending.issuedAt,
    ...(pending.expiresAt === undefined ? {} : { expiresAt: pending.expiresAt }),
    fence: (pending.base?.ledger?.fence ?? 0) + 1,
    superseded,
    ...(pending.handledRotation === undefined ? {} : { handledRotation: pending.handledRotation }),
    ...(pending.handledRotationImmediately === undefined
      ? {}
      : { handledRotationImmediately: pending.handledRotationImmediately }),
  };
}

/** How an object stands whose token waits to be written. */
function verdictOf(o: Observed, pending: Pending, now: number): Decision['verdict'] {
  if (!pending.probeFirst) return { reason: 'Issuing', message: 'A token was created; writing it into the Secret.' };
  if (bySpec(pending.cause)) {
    return { reason: 'Updating', message: 'A token as asked for was created; waiting until InfluxDB accepts it.' };
  }
  return rotating(o, now, 'A successor was created; waiting until InfluxDB accepts it.');
}
