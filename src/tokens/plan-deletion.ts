// An object that is being deleted: its tokens are revoked, or let go by a recorded decision, and then it may go.

import { advice, type Verdict } from '../resources/conditions.ts';
import { deletionPolicy } from '../resources/defaults.ts';
import { FINALIZER, REQUESTS } from '../resources/group.ts';
import type { Reason } from '../resources/reasons.ts';
import { ownership, suspended, waiting } from './facts.ts';
import type { Observed } from './observed.ts';
import { towardsEnd } from './revocation.ts';
import type { Decision, Situation } from './step.ts';

/** Needs nothing from the object's namespace, which may be terminating with its Secret gone. */
export const deleting: Situation = (o, now) => {
  const { deletionTimestamp, finalizers = [], annotations = {} } = o.object.metadata;
  if (deletionTimestamp === undefined) return undefined;
  if (!finalizers.includes(FINALIZER)) return { verdict: revoking('Waiting for other finalizers.', SEE_FINALIZERS) };

  const { cluster } = o;
  const onHold = suspended(o);
  const failed = waiting(o, now);
  const abandon = annotations[REQUESTS.abandon] ?? cluster?.abandon;
  const unresponsive = failed !== undefined && OF_CLUSTER.has(failed.verdict.reason);
  // A cluster that answers is asked to revoke even then: abandoning is for those that do not.
  const abandoned = abandon !== undefined && (cluster?.canRevoke !== true || onHold || unresponsive);
  if (failed !== undefined && !(abandoned && unresponsive)) {
    const message = advice(failed.verdict);
    return {
      verdict: revoking(message, unresponsive ? `It is tried again${ORABANDON}` : ''),
      wakeAt: failed.retryAt,
    };
  }

  const retained = deletionPolicy(o.object.spec) === 'Retain';
  const handOver = retained ? handingOver(o) : undefined;
  if (handOver !== undefined) return handOver;
  const ids = retained ? unwritten(o) : knownTokens(o);
  // What the Secret of an object that retains does not name is left to the inventory.
  const unsettled = retained ? [] : o.memory.unsettled;
  const kept = retained ? knownTokens(o).filter((id) => !ids.includes(id)) : [];
  if (ids.length === 0 && unsettled.length === 0) {
    return letGo(o, kept, retained ? 'deletionPolicy: Retain' : 'no token is left');
  }
  if (abandoned) return letGo(o, [...ids, ...kept], `abandoned: ${abandon}`);
  if (onHold) {
    return {
      verdict: {
        reason: 'Suspended',
        message: 'The deletion waits until spec.suspend is false, here and at the cluster.',
        remedy: `Set it to false${ORABANDON}`,
      },
    };
  }
  if (cluster === undefined) {
    return {
      verdict: revoking(
        `Its InfluxDBCluster does not exist, so its tokens (${ids.join(', ')}) cannot be revoked.`,
        `Create it again${ORABANDON}`,
      ),
    };
  }
  if (!cluster.canRevoke) {
    return {
      verdict: revoking(
        cluster.hindrance === undefined ? 'The cluster cannot be asked yet.' : advice(cluster.hindrance),
        `The token is revoked as soon as the cluster answers${ORABANDON}`,
      ),
    };
  }

  const newest = Math.max(0, ...unsettled.map(({ at }) => at));
  if (unsettled.length > 0 && (cluster.inventory === undefined || cluster.inventory.begun <= newest)) {
    return {
      step: { do: 'takeInventory' },
      verdict: revoking('Looking for tokens whose creation was never confirmed.'),
    };
  }
  const left: string[] = [];
  for (const id of ids) {
    const towards = towardsEnd(o, id, 'object deleted');
    if (typeof towards === 'object') return { step: towards.step, verdict: revoking(`Revoking token ${id}.`) };
    if (towards === 'unclear' && abandon === undefined) return { verdict: mismatch(id) };
    if (towards !== 'ended') left.push(id);
  }
  if (left.length === 0) return letGo(o, kept, retained ? 'deletionPolicy: Retain' : 'revoked');
  return letGo(o, [...left, ...kept], 'the server does not show our marker at what is left');
};

/** Failures that say that the cluster is of no help, unlike those of Kubernetes. */
const OF_CLUSTER: ReadonlySet<Reason> = new Set([
  'ClusterUnreachable',
  'CredentialsRejected',
  'InvalidSpec',
  'InfluxctlMissing',
]);

const ORABANDON = `, or let it go with the annotation ${REQUESTS.abandon}: <reason>.`;

const SEE_FINALIZERS = 'See metadata.finalizers: whoever put one there takes it off.';

function revoking(message: string, remedy = 'Wait a moment.'): Verdict {
  return { reason: 'Revoking', message, remedy };
}

function mismatch(id: string): Verdict {
  return {
    reason: 'ClusterMismatch',
    message: `The cluster does not know token ${id} nor any other that was issued on it: is spec.url of the InfluxDBCluster right? It is not let go.`,
    remedy: `Correct spec.url${ORABANDON}`,
  };
}

/** Every id that may be a live token of the object's: hints, each looked up on the server before it is revoked. */
function knownTokens(o: Observed): string[] {
  const { status } = o.object;
  const ids = new Set<string>();
  if (status?.token !== undefined) ids.add(status.token.id);
  for (const { id } of status?.superseded ?? []) ids.add(id);
  if (o.secret.present && ownership(o, o.secret) === 'ours' && o.secret.ledger !== undefined) {
    ids.add(o.secret.ledger.tokenID);
    for (const { id } of o.secret.ledger.superseded) ids.add(id);
  }
  if (o.memory.pending !== undefined) ids.add(o.memory.pending.created.info.id);
  for (const { id } of o.cluster?.inventory?.tokens ?? []) ids.add(id);
  return [...ids].filter((id) => !o.memory.ended.includes(id));
}

/** `deletionPolicy: Retain`: the Secret outlives the object, so it must not be owned by it any more when it goes. */
function handingOver(o: Observed): Decision | undefined {
  const { secret } = o;
  const verdict = revoking('Handing the Secret over, as deletionPolicy: Retain asks.');
  const owned = secret.present && secret.ownerUIDs.includes(o.object.metadata.uid);
  // Whether a successor was written decides which token is retained, so it is looked at live as well.
  if ((owned || o.memory.pending !== undefined) && secret.seen !== 'live') {
    return { step: { do: 'lookAtSecret' }, verdict };
  }
  if (!owned || ownership(o, secret) === 'foreign') return undefined;
  const { ledger } = secret;
  return { step: { do: 'disown', ...(ledger === undefined ? {} : { from: ledger }) }, verdict };
}

/** A successor in memory that the Secret does not name. */
function unwritten({ memory, secret }: Observed): string[] {
  const id = memory.pending?.created.info.id;
  if (id === undefined || memory.ended.includes(id)) return [];
  return secret.present && secret.ledger?.tokenID === id ? [] : [id];
}

function letGo(o: Observed, left: readonly string[], because: string): Decision {
  const { secret } = o;
  const retained = deletionPolicy(o.object.spec) === 'Retain';
  // The garbage collector deletes what we own; a Secret of ours that lost its owner would keep a dead token for ever.
  if (!retained && secret.present && !secret.terminating && !secret.ownerUIDs.includes(o.object.metadata.uid)) {
    const verdict = revoking('Deleting the Secret.');
    if (ownership(o, secret) === 'ours' && secret.seen !== 'live') return { step: { do: 'lookAtSecret' }, verdict };
    if (ownership(o, secret) === 'ours') return { step: { do: 'deleteSecret', uid: secret.uid }, verdict };
  }
  return { step: { do: 'removeFinalizer', left, because }, verdict: revoking('Done.') };
}
