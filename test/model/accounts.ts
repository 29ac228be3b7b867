// What is noted in the accounts of objects as it happens, for the invariants to count.

import { ledgerOf } from './readings.ts';
import type { Account, World } from './world.ts';

/** Notes something in the account of an object. */
export function note(w: World, uid: string, change: Partial<Account> | ((account: Account) => Partial<Account>)): void {
  const account = w.accounts.get(uid);
  if (account === undefined) return;
  w.accounts.set(uid, { ...account, ...(typeof change === 'function' ? change(account) : change) });
}

/** A reason to issue another token occurred. */
export function noteReason(w: World, uid: string | undefined): void {
  if (uid !== undefined) note(w, uid, ({ reasons }) => ({ reasons: reasons + 1 }));
}

/** A Secret of ours was deleted, by somebody else or for want of access, and its fence with it. */
export function noteDeletion(w: World, secretUID: string): void {
  const uid = w.belongs.get(secretUID);
  noteReason(w, uid);
  if (forgetsRotation(w, secretUID, uid)) noteReason(w, uid);
  for (const [id, token] of w.tokens) {
    const revoked = token.revokedBy === 'operator' || beingRevoked(w, id);
    if (token.uid === uid && revoked) w.tokens.set(id, { ...token, unfenced: true });
  }
}

/**
 * Whether a rotation that was carried out is forgotten with this Secret: who has an older token in hand writes that one, and rotates once
 * more. It has to, because that token may have stood in the Secret and be the very one that leaked.
 */
function forgetsRotation(w: World, secretUID: string, uid: string | undefined): boolean {
  const secret = [...w.secrets.values()].find(({ metadata }) => metadata.uid === secretUID);
  const ledger = secret && ledgerOf(secret.metadata);
  if (ledger === undefined) return false;
  return w.processes.some(({ kept }) =>
    [...kept.values()].some(({ uid: of, memory: { pending } }) => {
      if (of !== uid || pending === undefined) return false;
      return (
        pending.handledRotation !== ledger.handledRotation ||
        pending.handledRotationImmediately !== ledger.handledRotationImmediately
      );
    }),
  );
}

/** Whether its revocation was sent, and may arrive at any time. */
function beingRevoked(w: World, id: string): boolean {
  const sent = w.processes.flatMap(({ passes }) => [...passes.values()].map(({ request }) => request));
  return [...sent, ...w.afloat].some(({ ask }) => ask.do === 'revoke' && ask.id === id);
}

/** An attempt failed, or nobody knows its fate. */
export function noteFailure(w: World, uid: string): void {
  note(w, uid, ({ failures }) => ({ failures: failures + 1 }));
}
