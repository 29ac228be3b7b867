// A Lease that ends soon, so that tests do: the real figures, divided by five.

/** For `Elector`. */
export const TIMING = { duration: 3_000, renewDeadline: 2_000, retry: 400 };
