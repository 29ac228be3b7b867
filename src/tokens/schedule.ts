// When a token ends, is renewed, and is let go after it was replaced.

import type { Ledger } from './ledger.ts';
import type { Wanted } from './observed.ts';

const DAY = 86_400_000;

/** A renewal is brought forward by up to this part of `renewBefore`, so that tokens issued together do not renew together. */
const SPREAD = 0.05;

/**
 * The part of its lifetime that a token lives in any case. A `renewBefore` close to the lifetime would let a token fall due at its
 * birth, and the server be flooded with renewals.
 */
const LEAST_LIFE = 0.1;

/**
 * What is added to an overlap: up to a second that whole seconds cut off, and as much for the write of the Secret and for what is not known
 * of the server's clock, whose `Date` has whole seconds. Without it a token was once revoked 7 ms before its own end.
 */
const OVERLAP_MARGIN = 2_000;

/** Whole seconds: the API, the ledger and people all write instants so. */
export function wholeSeconds(instant: number): number {
  return Math.floor(instant / 1000) * 1000;
}

/** The end of a token created at `instant`, by the server's clock. */
export function endOf(wanted: Wanted, instant: number): number | undefined {
  if (wanted.lifetime !== undefined) return wholeSeconds(instant) + wholeSeconds(wanted.lifetime);
  return wanted.expiresAt;
}

/** Whether the end that the ledger's token has is the one that the spec asks for. */
export function endMatches(wanted: Wanted, ledger: Ledger): boolean {
  if (wanted.lifetime === undefined) return ledger.expiresAt === wanted.expiresAt;
  return ledger.expiresAt === ledger.issuedAt + wholeSeconds(wanted.lifetime);
}

/** When the ledger's token is due for renewal, by the server's clock; `undefined` when it never is. */
export function renewalAt(wanted: Wanted, ledger: Ledger, uid: string): number | undefined {
  if (wanted.renewBefore === undefined || ledger.expiresAt === undefined) return undefined;
  const due = ledger.expiresAt - wanted.renewBefore * (1 + SPREAD * fraction(uid));
  return wholeSeconds(Math.max(due, ledger.issuedAt + leastLife(wanted)));
}

/** Milliseconds from the birth of a token to its earliest renewal. */
export function leastLife({ lifetime = 0 }: Wanted): number {
  return lifetime * LEAST_LIFE;
}

/**
 * Until when a token lives on whose successor is about to be written at `now`: as asked, else to its own end, else a day. The write takes its
 * time, the ledger holds whole seconds and the server's clock is known to a second, but an overlap is never shorter than that.
 */
export function overlapEnd(wanted: Wanted, expiresAt: number | undefined, now: number): number {
  if (wanted.overlap === 0) return now;
  const end = wanted.overlap === undefined ? (expiresAt ?? now + DAY) : now + wanted.overlap;
  return wholeSeconds(end) + OVERLAP_MARGIN;
}

/** A number in [0, 1) that is the same for the same text (FNV-1a, 32 bits; node:crypto would cost more than the rest of the plan). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
