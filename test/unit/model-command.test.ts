import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';
import { ROUND } from '../model/round.ts';

const run = promisify(execFile);
const COMMAND = new URL('../model/main.ts', import.meta.url).pathname;

test('the rounds that were asked for are played, each with its own seed, and counted', async () => {
  const { stdout } = await run(process.execPath, [COMMAND, '--seed', '7', '--rounds', '2']);
  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, -1).toSorted()).toEqual([7, 8].map((seed) => `seed ${seed}: ${ROUND} schedules hold`));
  expect(lines.at(-1)).toMatch(/^2000 schedules hold, \d+ a second in \d threads?$/);
}, 60_000);
