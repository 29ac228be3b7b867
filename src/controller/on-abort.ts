// Being told when a signal fires, for what happens many times in the life of one signal.

import type { Cancel } from './clock.ts';

/** By signal, whom its one listener tells. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls the action once, when the signal fires; never when it has fired before, or there is none. The result takes it back.
 *
 * Why not a listener each: every request listens to two signals for some milliseconds, and to add and remove a listener takes more of the
 * processor than all else that is done for its limits.
 */
export function onAbort(signal: AbortSignal | undefined, action: () => void): Cancel {
  if (signal === undefined || signal.aborted) return () => {};
  const actions = waiting.get(signal) ?? listen(signal);
  // Of its own for each call, so that one action may be given twice.
  const told = (): void => action();
  actions.add(told);
  return () => {
    actions.delete(told);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const actions = new Set<() => void>();
  waiting.set(signal, actions);
  const tell = (): void => {
    // Those that are taken back meanwhile are not called any more.
    for (const action of actions) {
      actions.delete(action);
      action();
    }
  };
  signal.addEventListener('abort', tell, { once: true });
  return actions;
}
