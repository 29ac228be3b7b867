// How long to wait after the n-th failure in a row.

/** Bounds of the wait in milliseconds. */
export interface BackoffBounds {
  readonly least: number;
  readonly most: number;
}

/**
 * Doubles from `least` with every failure (the first is number 1) up to `most`. A random part of up to a third is taken off, so that what
 * failed together does not come back together; the result stays within the bounds.
 */
export function backoff(failures: number, bounds: BackoffBounds, random: () => number): number {
  const whole = Math.min(bounds.most, bounds.least * 2 ** (failures - 1));
  return Math.max(bounds.least, whole * (1 - random() / 3));
}
