// Runs random schedules of the model for as long as one likes: node test/model/main.ts [--seed N] [--rounds M]

import { parseArgs } from 'node:util';

import * as fc from 'fast-check';
import { learn } from '../../src/tokens/learn.ts';
import { plan } from '../../src/tokens/plan.ts';
import { run, schedules, tellStory } from './schedules.ts';

/** Schedules in a round; each round has a seed of its own, so that it can be run again alone. */
const ROUND = 1000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string', default: '10' },
  },
});
const first = Number(values.seed);
const rounds = Number(values.rounds);
const brain = { plan, learn };

for (let seed = first; seed < first + rounds; seed += 1) {
  const begun = performance.now();
  const result = fc.check(
    fc.property(schedules, (schedule) => void run(schedule, brain)),
    { seed, numRuns: ROUND },
  );
  if (result.counterexample !== null) {
    console.log(tellStory(result.counterexample[0], brain));
    console.log(
      `broken after ${result.numRuns} schedules and ${result.numShrinks} shrinks; again with: node test/model/main.ts --seed ${seed} --rounds 1`,
    );
    process.exitCode = 1;
    break;
  }
  console.log(
    `seed ${seed}: ${ROUND} schedules hold (${Math.round((ROUND / (performance.now() - begun)) * 1000)} a second)`,
  );
}
