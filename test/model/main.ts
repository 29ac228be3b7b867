// Runs random schedules of the model for as long as one likes, on all cores: node test/model/main.ts [--seed N] [--rounds M]

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import type { Played } from './round.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string', default: '10' },
  },
});
const first = Number(values.seed);
const end = first + Number(values.rounds);
let next = first;
let held = 0;
let broken = false;
const begun = performance.now();

/** Plays one round after the other, as long as there are any and none has broken a promise. */
async function thread(): Promise<void> {
  const worker = new Worker(new URL('round.ts', import.meta.url));
  while (next < end && !broken) {
    worker.postMessage(next);
    next += 1;
    const [played]: Played[] = await once(worker, 'message');
    if (played !== undefined) tell(played);
  }
  await worker.terminate();
}

function tell({ seed, schedules, broken: how }: Played): void {
  if (how === undefined) {
    held += schedules;
    console.log(`seed ${seed}: ${schedules} schedules hold`);
    return;
  }
  broken = true;
  console.log(how.story);
  console.log(
    `broken after ${schedules} schedules and ${how.shrinks} shrinks; again with: node test/model/main.ts --seed ${seed} --rounds 1`,
  );
  process.exitCode = 1;
}

const threads = Math.min(availableParallelism(), end - first);
await Promise.all(Array.from({ length: threads }, thread));
const seconds = (performance.now() - begun) / 1000;
const rate = Math.round(held / seconds);
console.log(`${held} schedules hold, ${rate} a second in ${threads} ${threads === 1 ? 'thread' : 'threads'}`);
