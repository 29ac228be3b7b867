// Waiting for a condition instead of for time to pass.

import { setTimeout as sleep } from 'node:timers/promises';

type Falsy = false | null | undefined | 0 | '';

/**
 * Asks `condition` again and again until it answers something truthy, and returns that. An error it throws counts as "not yet".
 * After `timeout` milliseconds (30 s) it throws, saying `what` was waited for and what the condition last answered or threw.
 */
export async function waitFor<T>(
  condition: () => T | Falsy | Promise<T | Falsy>,
  { what, timeout = 30_000 }: { what: string; timeout?: number },
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    const seen = await ask(condition);
    if ('value' in seen && isTruthy(seen.value)) {
      return seen.value;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeout} ms for ${what}; last seen: ${describe(seen)}`, { cause: seen.error });
    }
    await sleep(pause);
  }
}

function isTruthy<T>(value: T | Falsy): value is T {
  return Boolean(value);
}

type Seen<T> = { value: T; error?: never } | { error: unknown };

async function ask<T>(condition: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}

function describe(seen: Seen<unknown>): string {
  return 'value' in seen ? (JSON.stringify(seen.value) ?? 'undefined') : String(seen.error);
}
