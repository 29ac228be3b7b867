// Status is a projection of what is known; it can be rebuilt from the Secret and the server at any time.

import { isDeepStrictEqual } from 'node:util';

import { conditionsOf, rfc3339, type Verdict } from '../resources/conditions.ts';
import type { TokenStatus } from '../resources/status.ts';
import { ended, ownLedger } from './facts.ts';
import type { Observed } from './observed.ts';
import { renewalAt } from './schedule.ts';

/**
 * The status to write; the very object that is there when nothing changed.
 *
 * @param now our clock, milliseconds since the Unix epoch
 */
export function statusOf(o: Observed, verdict: Verdict, now: number): TokenStatus {
  const before: TokenStatus = o.object.status ?? {};
  const { generation, uid } = o.object.metadata;
  const ledger = ownLedger(o);
  const kept = before.token === undefined || ended(o, before.token.id) ? undefined : before.token;
  const token: TokenStatus['token'] =
    ledger === undefined
      ? // A token whose Secret is missing still has to be replaced or revoked: its id must not be forgotten.
        kept
      : {
          id: ledger.tokenID,
          clusterUID: ledger.clusterUID,
          createdAt: rfc3339(ledger.issuedAt),
          ...(ledger.expiresAt === undefined ? {} : { expiresAt: rfc3339(ledger.expiresAt) }),
        };
  const superseded =
    ledger === undefined
      ? (before.superseded ?? []).filter(({ id }) => !ended(o, id))
      : ledger.superseded.map(({ id, revokeAfter }) => ({ id, revokeAfter: rfc3339(revokeAfter) }));
  const renewal = ledger === undefined || o.wanted === undefined ? undefined : renewalAt(o.wanted, ledger, uid);
  // Whoever reads the name looks for that Secret: one that is gone is not named.
  const named = ledger === undefined ? before.secretName : (o.wanted?.secretName ?? before.secretName);
  const secretName = o.secret.present ? named : undefined;
  const status: TokenStatus = {
    observedGeneration: generation,
    conditions: conditionsOf(verdict, before.conditions ?? [], generation, now),
    ...(token === undefined ? {} : { token }),
    ...(secretName === undefined ? {} : { secretName }),
    ...(renewal === undefined ? {} : { nextRotation: rfc3339(renewal) }),
    ...(superseded.length === 0 ? {} : { superseded }),
  };
  return isDeepStrictEqual(before, status) ? before : status;
}
