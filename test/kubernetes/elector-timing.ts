// A Lease that ends soon, so that tests do; but not so soon that a busy machine, which stalls for a second or two, ends it by itself.

/** For `Elector`. */
export const TIMING = { duration: 8_000, renewDeadline: 6_000, retry: 400 };
