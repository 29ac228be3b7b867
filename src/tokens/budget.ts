// The mint budget: whatever makes tokens unusable, the server is not flooded with new ones.

import type { Mint } from './observed.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Mints an hour for one object, scheduled renewals apart. Revoked tokens stay listed on the server for ever. */
export const MINTS_PER_HOUR = 5;

/**
 * When the next mint is allowed: `now` or earlier means at once. A changed spec or rotation request allows one more at once,
 * because a person has just asked for it.
 */
export function nextMintAt(
  mints: readonly Mint[],
  request: { generation: number; nonces: string },
  now: number,
): number {
  const counted = mints.filter(({ at, scheduled }) => !scheduled && at > now - HOUR);
  if (counted.length < MINTS_PER_HOUR) return now;
  const asked = counted.some(
    ({ generation, nonces }) => generation === request.generation && nonces === request.nonces,
  );
  if (!asked) return now;
  const oldest = counted.at(-MINTS_PER_HOUR);
  return oldest === undefined ? now : oldest.at + HOUR;
}

/** The longest pause after tokens that could not be written: six in a day are listed for ever, and not a hundred and twenty. */
const LONGEST_PAUSE = 4 * HOUR;

/**
 * How long no other token is created after so many in a row were created and could not be written, although the dry run promised it. Once
 * may be chance: somebody was faster. From then on the pause doubles, from a minute to hours.
 */
export function pauseAfterUnwritten(count: number): number {
  return count < 2 ? 0 : Math.min(LONGEST_PAUSE, MINUTE * 2 ** (count - 2));
}

/** Notes a mint, forgetting what can no longer count. */
export function noteMint(mints: readonly Mint[], mint: Mint): Mint[] {
  // An array that is spread into another leaves room for more, which ten thousand objects do not need.
  return mints.filter(({ at }) => at > mint.at - HOUR).concat(mint);
}
