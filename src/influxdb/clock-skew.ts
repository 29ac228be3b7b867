// How far a server's clock is from ours, by the `Date` header of one answer.

/** An answer that took longer says too little about when it was written. */
const LONGEST_ROUND_TRIP = 10_000;

/** A clock that is further off is broken, or a cache answered: following it would expire or renew everything. */
const LARGEST_SKEW = 24 * 3_600_000;

/** `Date` has whole seconds, cut off: on average the server's clock shows half a second more. */
const MEAN_TRUNCATION = 500;

/**
 * Milliseconds by which the server is ahead, taking the answer as written half-way through the round trip;
 * `undefined` where the header is missing, unreadable or not to be believed.
 */
export function skewFromDate(date: unknown, sentAt: number, receivedAt: number): number | undefined {
  const roundTrip = receivedAt - sentAt;
  if (typeof date !== 'string' || roundTrip < 0 || roundTrip > LONGEST_ROUND_TRIP) return undefined;
  const skew = Date.parse(date) + MEAN_TRUNCATION - (sentAt + roundTrip / 2);
  return Math.abs(skew) <= LARGEST_SKEW ? Math.round(skew) : undefined;
}
