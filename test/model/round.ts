// A round of random schedules, played in a thread of its own: each message is a seed, each answer what came of its schedules.

import { parentPort } from 'node:worker_threads';

import * as fc from 'fast-check';
import { learn } from '../../src/tokens/learn.ts';
import { plan } from '../../src/tokens/plan.ts';
import { run, schedules, tellStory } from './schedules.ts';

/** Schedules in a round; each round has a seed of its own, so that it can be played again alone. */
export const ROUND = 1000;

/** What came of them: so many schedules hold, or the last of them, in its shortest form, has broken a promise. */
export interface Played {
  readonly seed: number;
  readonly schedules: number;
  readonly broken?: { readonly story: string; readonly shrinks: number };
}

const brain = { plan, learn };

/** Plays the first `count` schedules of a seed, or until one breaks a promise. */
export function play(seed: number, count = ROUND): Played {
  const property = fc.property(schedules, (schedule) => void run(schedule, brain));
  const { counterexample, numRuns, numShrinks } = fc.check(property, { seed, numRuns: count });
  const played = { seed, schedules: numRuns };
  if (counterexample === null) return played;
  return { ...played, broken: { story: tellStory(counterexample[0], brain), shrinks: numShrinks } };
}

parentPort?.on('message', (seed: number) => parentPort?.postMessage(play(seed)));
