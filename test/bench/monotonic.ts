// A clock that never jumps and is the same in all processes of the machine.

/** Milliseconds since some instant in the past, with fractions. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
