// How far a server's clock is from ours, by the `Date` headers of its answers.

/** An answer that took longer says too little about when it was written. */
const LONGEST_ROUND_TRIP = 10_000;

/** A clock that is further off is broken, or a cache answered: following it would expire or renew everything. */
const LARGEST_SKEW = 24 * 3_600_000;

/** `Date` has whole seconds, cut off. */
const TRUNCATION = 1_000;

/**
 * Milliseconds by which the server is ahead, after one more answer. An answer tells no more than that it was written at some moment of its
 * round trip, within some second. What was believed before stays unless that rules it out, so that the estimate comes to rest: one that
 * wandered with every answer would let an overlap end up to a second early.
 *
 * @param before what was believed before this answer; it stays where the header is missing, unreadable or not to be believed
 */
export function skewFromDate(date: unknown, sentAt: number, receivedAt: number, before: number): number {
  const roundTrip = receivedAt - sentAt;
  if (typeof date !== 'string' || roundTrip < 0 || roundTrip > LONGEST_ROUND_TRIP) return before;
  const least = Date.parse(date) - receivedAt;
  const most = least + TRUNCATION + roundTrip;
  const nearest = Math.min(Math.max(before, least), most);
  // A small step to where an answer allows it narrows the estimate down; a clock that was set begins a new one.
  const skew = Math.abs(nearest - before) < TRUNCATION ? nearest : Math.round((least + most) / 2);
  return Math.abs(skew) <= LARGEST_SKEW ? skew : before;
}
