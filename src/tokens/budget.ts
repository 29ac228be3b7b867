// The mint budget: whatever makes tokens unusable, the server is not flooded with new ones.

import type { Mint } from './observed.ts';

const HOUR = 3_600_000;

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

/** Notes a mint, forgetting what can no longer count. */
export function noteMint(mints: readonly Mint[], mint: Mint): Mint[] {
  // An array that is spread into another leaves room for more, which ten thousand objects do not need.
  return mints.filter(({ at }) => at > mint.at - HOUR).concat(mint);
}
