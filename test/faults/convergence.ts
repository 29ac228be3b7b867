// Waiting for the good end of a scenario: what was asked for is the case, and no invariant is hurt.

import { waitFor } from '../wait.ts';
import { violations } from './invariants.ts';
import { missing, ready, type Scenario } from './scenarios.ts';
import type { Trial } from './trial.ts';

/** Brings an object to where the scenario begins. */
export async function prepare({ before, ownDatabase }: Scenario, trial: Trial, name: string): Promise<void> {
  if (before === undefined) return;
  if (ownDatabase) {
    await trial.allow(name, true);
    const permissions = ['sensors', name].map((resource) => ({ action: 'read', resource }));
    await trial.scene.apply(name, { permissions, ...before });
  } else await trial.scene.apply(name, before);
  await nothing(
    async () => words(ready({ object: await trial.scene.find(name) })),
    `${name} to be issued`,
    trial.patience,
  );
}

/** Waits until the scenario has ended well for an object, within I7's minute for either kind. `most` is for `violations`; `what` says what went wrong before. */
export function converged(
  scenario: Scenario,
  trial: Trial,
  name: string,
  most: ReadonlyMap<string, number>,
  what: string,
): Promise<void> {
  return nothing(
    async () => [...words(await missing(scenario, trial, name)), ...(await violations(trial, most))],
    `the end of ${scenario.title}, ${what}`,
  );
}

/** Waits until nothing is wrong any more. */
export async function nothing(wrong: () => Promise<readonly string[]>, what: string, timeout = 60_000): Promise<void> {
  const right = async (): Promise<boolean> => {
    const found = await wrong();
    if (found.length > 0) throw new Error(found.join('\n'));
    return true;
  };
  await waitFor(right, { what, timeout });
}

function words(wrong: string | undefined): readonly string[] {
  return wrong === undefined ? [] : [wrong];
}
