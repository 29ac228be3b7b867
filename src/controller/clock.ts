// Time as a thing that is passed in, so that tests drive it by hand.

import { onAbort } from './on-abort.ts';

/** Ends a timer; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/** The only source of time in the operator. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once, `milliseconds` from now (0 means on a later turn). A timer alone does not keep the process alive. */
  after(milliseconds: number, callback: () => void): Cancel;
}

/** Node clamps longer timers to 1 ms, which would turn a renewal next month into a busy loop. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      const step = Math.min(left, LONGEST_TIMER);
      timer = setTimeout(() => (left > step ? arm(left - step) : callback()), step);
      timer.unref();
    };
    arm(Math.max(0, milliseconds));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Waits; ends early, without an error, when the signal fires. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      cancelSignal();
      resolve();
    };
    const cancel = clock.after(milliseconds, finish);
    const cancelSignal = onAbort(signal, finish);
  });
}
