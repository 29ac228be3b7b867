// Minting: everything that is checked before a token is asked for, so that none is created in vain.

import { rfc3339, type Verdict } from '../resources/conditions.ts';
import { nextMintAt, pauseAfterUnwritten } from './budget.ts';
import { ownership, ownLedger, rotating, rotationNonces, rotationRequests, serverNow, standing } from './facts.ts';
import type { Ledger } from './ledger.ts';
import { markDescription } from './marker.ts';
import { bySpec, leavesNothingWorking, mintCause } from './mint-cause.ts';
import type { InVain, MintCause, Observed, Pending, Wanted } from './observed.ts';
import { towardsEndOfLiving } from './revocation.ts';
import { endOf, leastLife, wholeSeconds } from './schedule.ts';
import type { Situation, Step } from './step.ts';

const MINUTE = 60_000;

/** How long the garbage collector is given to remove the Secret of a former object of the same name. */
export const TAKEOVER_PATIENCE = MINUTE;
/** After a successor was not accepted: each try leaves a revoked token in the server's list for ever. */
const REFUSAL_PAUSE = 60 * MINUTE;
/** A Secret on its way out is looked at again after this. */
const RECHECK = 2_000;

/** The object needs a token that it does not have. */
export const tokenMissing: Situation = (o, now) => {
  const { wanted, cluster, secret, memory } = o;
  if (wanted === undefined || cluster === undefined) return undefined;
  const cause = mintCause(o, wanted, now);
  if (cause === undefined) return undefined;
  const verdict = verdictOf(o, cause, now);
  const at = serverNow(cluster, now);
  const ledger = secret.present ? secret.ledger : undefined;
  const working = !leavesNothingWorking(cause, ledger, at);
  const pausedUntil = working ? refusalPause(o, ledger) : 0;
  if (pausedUntil > now) {
    const message = `${REASON_OF[cause]} The data API had not accepted a successor within 10 minutes, so it was given up; the next try is at ${rfc3339(pausedUntil)}.`;
    const how: Verdict = bySpec(cause) ? { reason: 'NotAccepted', message } : rotating(o, now, message);
    return { verdict: how, wakeAt: pausedUntil };
  }

  if (!o.access.allowed) return { verdict: { reason: 'AccessDenied', message: o.access.message, remedy: '' } };
  if (secret.present && secret.seen !== 'live') return { step: { do: 'lookAtSecret' }, verdict };
  if (secret.present && secret.terminating) return { verdict, wakeAt: now + RECHECK };
  if (cause === 'takeover') {
    const since = memory.takeoverSince ?? now;
    if (memory.takeoverSince === undefined) {
      return { step: { do: 'remember', memory: { ...memory, takeoverSince: now } }, verdict };
    }
    if (now - since < TAKEOVER_PATIENCE) return { verdict, wakeAt: since + TAKEOVER_PATIENCE };
    // To who holds an old view, the Secret of a later object of that name looks like that of a former one.
    if (!o.looked.object) return { step: { do: 'lookAtObject' }, verdict };
  }
  const ending = endFirst(o);
  if (ending !== undefined) return { step: ending, verdict };

  const from = cause === 'first' ? (o.newcomersFrom ?? now) : now;
  if (from > now) {
    return {
      verdict: {
        reason: 'RateLimited',
        message: `Within an hour, objects of namespace ${o.object.metadata.namespace} were given five times as many first tokens as its access rule allows at a time (maxTokens); the next try is at ${rfc3339(from)}.`,
        remedy: 'Stop deleting and creating them anew, or have maxTokens raised.',
      },
      wakeAt: from,
    };
  }
  const writableFrom = unwrittenPause(o, working ? ledger : undefined);
  if (writableFrom > now) {
    return {
      verdict: {
        reason: 'RateLimited',
        standing: standing(o, now),
        message: `${memory.unwritten?.count ?? 0} tokens in a row were created and could not be written into Secret ${wanted.secretName}, which somebody else had created or changed in the meantime; the next try is at ${rfc3339(writableFrom)}.`,
        remedy: 'Find out who writes that Secret and stop it; a changed spec allows one try at once.',
      },
      wakeAt: writableFrom,
    };
  }
  // Whatever makes a renewal fall due again at once, it is no longer one that was scheduled.
  const scheduled = cause === 'renewalDue' && memory.mints.every((mint) => now - mint.at >= leastLife(wanted));
  const allowedAt = scheduled
    ? now
    : nextMintAt(memory.mints, { generation: o.object.metadata.generation, nonces: rotationNonces(o) }, now);
  if (allowedAt > now) {
    return {
      verdict: {
        reason: 'RateLimited',
        standing: standing(o, now),
        message: `Too many tokens were created for this object within an hour; the next try is at ${rfc3339(allowedAt)}. ${REASON_OF[cause]}`,
        remedy: 'Find out what makes its tokens unusable and stop that; a changed spec allows one try at once.',
      },
      wakeAt: allowedAt,
    };
  }
  if (!o.looked.rehearsed) {
    return { step: { do: 'rehearse', ...(secret.present ? { into: secret.uid } : {}) }, verdict };
  }
  const issuedAt = wholeSeconds(at);
  const expiresAt = endOf(wanted, issuedAt);
  const { rotate, rotateImmediately } = { ...handled(ownLedger(o)), ...rotationRequests(o) };
  const pending: Omit<Pending, 'created'> = {
    attempt: o.nonce,
    cause,
    clusterUID: cluster.uid,
    issuedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(secret.present ? { base: { uid: secret.uid, ...(ledger === undefined ? {} : { ledger }) } } : {}),
    superseded: supersededBy(o, cause),
    ...(rotate === undefined ? {} : { handledRotation: rotate }),
    ...(rotateImmediately === undefined ? {} : { handledRotationImmediately: rotateImmediately }),
    probeFirst: working,
    ...(leaked(o) ? { atOnce: true } : {}),
  };
  return { step: { do: 'mint', scheduled, request: request(o, wanted, expiresAt), pending }, verdict };
};

/** Until when no other successor is tried after one was refused. */
function refusalPause(o: Observed, ledger: Ledger | undefined): number {
  return pauseSince(o, o.memory.refused, REFUSAL_PAUSE, ledger);
}

/** Until when no other token is created after some that could not be written. */
function unwrittenPause(o: Observed, ledger: Ledger | undefined): number {
  return pauseSince(o, o.memory.unwritten, pauseAfterUnwritten(o.memory.unwritten?.count ?? 0), ledger);
}

/** The end of a pause, unless somebody asks anew; well before the token in the Secret ends, where one works. */
function pauseSince(o: Observed, last: InVain | undefined, pause: number, ledger: Ledger | undefined): number {
  if (last?.generation !== o.object.metadata.generation || last.nonces !== rotationNonces(o)) return 0;
  const left = ledger?.expiresAt === undefined ? Infinity : ledger.expiresAt - serverNow(o.cluster, last.at);
  return last.at + Math.min(pause, left / 2);
}

/** What was asked for and done is remembered even while the annotation is gone: the same nonce never rotates twice. */
function handled(ledger: Ledger | undefined): ReturnType<typeof rotationRequests> {
  const { handledRotation, handledRotationImmediately } = ledger ?? {};
  return {
    ...(handledRotation === undefined ? {} : { rotate: handledRotation }),
    ...(handledRotationImmediately === undefined ? {} : { rotateImmediately: handledRotationImmediately }),
  };
}

/** An immediate rotation is asked for that was not done yet, whatever else makes a new token necessary. */
function leaked(o: Observed): boolean {
  const ledger = ownLedger(o);
  const { rotateImmediately } = rotationRequests(o);
  return (
    ledger !== undefined && rotateImmediately !== undefined && rotateImmediately !== ledger.handledRotationImmediately
  );
}

function request(o: Observed, wanted: Wanted, expiresAt: number | undefined): Extract<Step, { do: 'mint' }>['request'] {
  const marker = { installation: o.installation, uid: o.object.metadata.uid, attempt: o.nonce };
  return {
    description: markDescription(wanted.description, marker),
    permissions: wanted.permissions,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** The token that keeps an overlap once its successor is written. Ids of a former object are never trusted. */
function supersededBy(o: Observed, cause: MintCause): Pending['superseded'] {
  const { secret } = o;
  const { status } = o.object;
  switch (cause) {
    case 'first':
    case 'takeover':
    case 'revokedOutside':
    case 'markerRemoved':
      return [];
    case 'secretDeleted':
    case 'ledgerDamaged':
      return status?.token === undefined || o.memory.ended.includes(status.token.id)
        ? []
        : [{ id: status.token.id, ...end(status.token.expiresAt) }];
    case 'editedByHand':
    case 'rotateImmediately':
    case 'endChanged':
    case 'contentChanged':
    case 'renewalDue':
    case 'rotate':
      if (!secret.present || secret.ledger === undefined) return [];
      return [
        {
          id: secret.ledger.tokenID,
          ...(secret.ledger.expiresAt === undefined ? {} : { expiresAt: secret.ledger.expiresAt }),
        },
      ];
  }
}

function end(text: string | undefined): { expiresAt?: number } {
  const expiresAt = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(expiresAt) ? {} : { expiresAt };
}

/** A second rotation within an overlap ends the first: never more than two tokens of an object are alive by intent. */
function endFirst(o: Observed): Step | undefined {
  const own = o.secret.present && ownership(o, o.secret) === 'ours' ? o.secret.ledger : undefined;
  const superseded = own?.superseded ?? (o.secret.present ? [] : (o.object.status?.superseded ?? []));
  for (const { id } of superseded) {
    const towards = towardsEndOfLiving(o, id, 'a further rotation ended its overlap');
    if (typeof towards === 'object') return towards.step;
  }
  return undefined;
}

/** What people read about a mint, in Events and logs. */
export const REASON_OF: Readonly<Record<MintCause, string>> = {
  first: 'The object is new.',
  secretDeleted: 'The Secret was deleted.',
  takeover: 'The Secret was that of a former object of the same name.',
  ledgerDamaged: "The Secret's annotations were damaged.",
  revokedOutside: 'The token was revoked outside the operator.',
  markerRemoved: "The operator's marker was removed from the token's description; that token is left alone.",
  editedByHand: 'The token in the Secret was edited by hand.',
  rotateImmediately: 'An immediate rotation was requested.',
  endChanged: 'The asked-for end of the token changed.',
  contentChanged: 'What the token is to be changed, and it cannot be changed in place.',
  renewalDue: 'The token was due for renewal.',
  rotate: 'A rotation was requested.',
};

function verdictOf(o: Observed, cause: MintCause, now: number): Verdict {
  switch (cause) {
    case 'rotateImmediately':
    case 'renewalDue':
    case 'rotate':
      return rotating(o, now, `${REASON_OF[cause]} A successor is being created.`);
    case 'endChanged':
    case 'contentChanged':
      return { reason: 'Updating', message: `${REASON_OF[cause]} A new token is being created.` };
    case 'first':
    case 'secretDeleted':
    case 'takeover':
    case 'ledgerDamaged':
    case 'revokedOutside':
    case 'markerRemoved':
    case 'editedByHand':
      return { reason: 'Issuing', message: `${REASON_OF[cause]} A token is being created.` };
  }
}
