// Facts that follow from what was observed; the situations of the plan are written in these words.

import type { TokenInfo } from '../influxdb/issuer.ts';
import type { Verdict } from '../resources/conditions.ts';
import { isReason, REASONS } from '../resources/reasons.ts';
import { objectReference, type Ledger } from './ledger.ts';
import { isOurs } from './marker.ts';
import type { ClusterView, Observed, SecretView, Setback } from './observed.ts';

/** A Secret that exists. */
export type PresentSecret = Extract<SecretView, { present: true }>;

/** How the ledger of this object's own Secret names the object. */
export function referenceOf({ object }: Observed): string {
  const { namespace, name, uid } = object.metadata;
  return objectReference(object.kind, namespace, name, uid);
}

/** Whether a Secret is this object's own, somebody else's, or was that of a former object of the same name. */
export type Ownership = 'ours' | 'ours, ledger damaged' | 'former object' | 'foreign';

/** Judges by the ledger; a Secret whose ledger was damaged is still ours if we own it and wrote so into our status. */
export function ownership(o: Observed, secret: PresentSecret): Ownership {
  const { ledger } = secret;
  const { uid } = o.object.metadata;
  if (ledger === undefined) {
    const known = o.object.status?.token !== undefined || o.memory.ledgerWrittenAt !== undefined;
    return known && secret.ownerUIDs.includes(uid) ? 'ours, ledger damaged' : 'foreign';
  }
  const reference = referenceOf(o);
  if (ledger.object === reference) return 'ours';
  const withoutUID = reference.slice(0, -uid.length);
  if (!ledger.object.startsWith(withoutUID)) return 'foreign';
  // A retained Secret is not owned by its object: it was meant to outlive it and is not taken over.
  return secret.ownerUIDs.includes(ledger.object.slice(withoutUID.length)) ? 'former object' : 'foreign';
}

/** The ledger of the object's own Secret. */
export function ownLedger(o: Observed): Ledger | undefined {
  return o.secret.present && ownership(o, o.secret) === 'ours' ? o.secret.ledger : undefined;
}

/** The server's time. Expiry and schedules follow it, because the server decides when a token ends. */
export function serverNow(cluster: ClusterView | undefined, now: number): number {
  return now + (cluster?.clockSkew ?? 0);
}

/** Whether status says that this generation is in effect with the token that the ledger names. */
export function settled(o: Observed, ledger: Ledger): boolean {
  const ready = o.object.status?.conditions?.find(({ type }) => type === 'Ready');
  return (
    ready?.status === 'True' &&
    isReason(ready.reason) &&
    // A suspension keeps Ready, and the generation that it is about, as they were.
    (REASONS[ready.reason].class === 'good' || ready.reason === 'Suspended') &&
    ready.observedGeneration === o.object.metadata.generation &&
    o.object.status?.token?.id === ledger.tokenID
  );
}

/** Whether a live token stands that matches the spec, as far as is known. */
export function standing(o: Observed, now: number): boolean {
  const ledger = ownLedger(o);
  if (ledger === undefined || !settled(o, ledger)) return false;
  if (o.secret.present && o.secret.intact === false) return false;
  const view = serverView(o, ledger.tokenID);
  if (view === 'gone' || (view !== undefined && view !== 'unlisted' && view.revokedAt !== undefined)) return false;
  return ledger.expiresAt === undefined || ledger.expiresAt > serverNow(o.cluster, now);
}

/** How an object stands whose token is being replaced though it works: as it did, unless its token does not work or its spec is new. */
export function rotating(o: Observed, now: number, message: string): Verdict {
  if (standing(o, now)) return { reason: 'Rotating', message };
  const { metadata, status } = o.object;
  return { reason: status?.observedGeneration === metadata.generation ? 'Issuing' : 'Updating', message };
}

/**
 * What the server last said about a token. `unlisted`: the last inventory does not show it among our live tokens, which is
 * a hint to look it up and no more. `undefined`: it was not asked yet.
 */
export function serverView(o: Observed, id: string): TokenInfo | 'gone' | 'unlisted' | undefined {
  const looked = o.looked.tokens[id];
  if (looked !== undefined) return looked.info;
  const { server } = o.memory;
  const first = server?.info.id === id ? server : undefined;
  const inventory = o.cluster?.inventory;
  if (inventory !== undefined && (first === undefined || inventory.begun > first.at)) {
    return inventory.tokens.find((token) => token.id === id) ?? 'unlisted';
  }
  return first?.info;
}

/**
 * Whether the server's own words say that the token has ended. Absence is never evidence: a 404 counts only when a list that
 * was begun after it shows tokens that our ledgers name, because a wrong URL answers 404 to everything.
 */
export function ended(o: Observed, id: string): boolean {
  if (o.memory.ended.includes(id)) return true;
  const looked = o.looked.tokens[id];
  if (looked === undefined) return false;
  if (looked.info !== 'gone') return looked.info.revokedAt !== undefined;
  const inventory = o.cluster?.inventory;
  return inventory?.knowsUs === true && inventory.begun >= looked.at;
}

/** Whether the server's description for the token carries our installation and this object. */
export function marked(o: Observed, token: TokenInfo): boolean {
  return isOurs(token.description, o.installation, o.object.metadata.uid);
}

/** What failed a moment ago and is not due again yet. A new generation of the spec, which a deletion makes too, is tried at once. */
export function waiting(o: Observed, now: number): Setback | undefined {
  const { setback } = o.memory;
  if (setback === undefined || now >= setback.retryAt) return undefined;
  return setback.generation === o.object.metadata.generation ? setback : undefined;
}

/** Whether nothing may be asked of the cluster, by order of whoever set `suspend` here or there. */
export function suspended({ object, cluster }: Observed): boolean {
  return object.spec.suspend === true || cluster?.suspended === true;
}

/** Values of the annotations by which people ask for a rotation, as one text for the budget. */
export function rotationNonces(o: Observed): string {
  const { rotate, rotateImmediately } = rotationRequests(o);
  return `${rotate ?? ''}\n${rotateImmediately ?? ''}`;
}

/** The rotation requests that stand at the object. */
export function rotationRequests(o: Observed): { rotate?: string; rotateImmediately?: string } {
  const annotations = o.object.metadata.annotations ?? {};
  const rotate = annotations['influxtokens.dev/rotate'];
  const rotateImmediately = annotations['influxtokens.dev/rotate-immediately'];
  return {
    ...(rotate === undefined ? {} : { rotate }),
    ...(rotateImmediately === undefined ? {} : { rotateImmediately }),
  };
}
