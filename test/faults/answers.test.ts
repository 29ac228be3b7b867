import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import {
  KUBERNETES_ANSWERS,
  KUBERNETES_WRITES,
  MANAGEMENT_ANSWERS,
  MANAGEMENT_CALLS,
  type BadAnswer,
  type Victim,
} from './bad-answers.ts';
import { converged, prepare } from './convergence.ts';
import { leaks, violations } from './invariants.ts';
import { scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';

jest.setTimeout(240_000);

/** One bad answer may be luck; the second meets what the first has led to. */
const TIMES = 2;

let theatre: Theatre;

beforeAll(async () => {
  theatre = await Theatre.start(['--no-leader-elect', '--inventory-interval=2s', '--workers=32']);
  await theatre.startOperator();
});

afterAll(() => theatre.stop());

test.each(MANAGEMENT_CALLS)('$call of $prefix may get any bad answer of the Management API', (victim) =>
  suffer('influxdb', victim, MANAGEMENT_ANSWERS),
);

test.each(KUBERNETES_WRITES)('$call of $prefix may get any bad answer of the API server', (victim) =>
  suffer('kubernetes', victim, KUBERNETES_ANSWERS),
);

/** All answers at once, each in a world of its own: what takes long is waiting. */
async function suffer(at: 'influxdb' | 'kubernetes', victim: Victim, answers: readonly BadAnswer[]): Promise<void> {
  const results = await Promise.allSettled(answers.map((answer) => sufferOne(at, victim, answer)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  expect(failures).toEqual([]);
  expect(await leaks(theatre.stage)).toEqual([]);
  console.info(`${victim.call} of ${victim.prefix}: ${answers.length} bad answers, each ${TIMES} times in a row`);
}

async function sufferOne(at: 'influxdb' | 'kubernetes', { call, prefix }: Victim, bad: BadAnswer): Promise<void> {
  const trial = await theatre.trial(prefix);
  const played = scenario(prefix);
  const name = 'sufferer';
  await trial.scene.waitForCluster('Connected');
  await prepare(played, trial, name);
  const armed = trial[at].strike({
    matches: (candidate) =>
      candidate.name === call && (candidate.name === 'GET tokens' || trial.concerns(candidate, name)),
    times: TIMES,
    ...bad,
  });
  await played.act(trial, name);
  await waitFor(() => armed.hits > 0, { what: `${call} to get ${bad.title}`, timeout: 60_000 });
  const most = new Map([[name, played.made + TIMES]]);
  const label = `${call} having got ${bad.title} (in ${trial.scene.namespace})`;
  await converged(played, trial, name, most, label);
  armed.withdraw();
  await converged(played, trial, name, most, `${label}, and nothing any more`);
  await trial.rest();
  const wrong = await violations(trial, most);
  await theatre.dismiss(trial);
  if (wrong.length > 0) throw new Error(`${label}: ${wrong.join('\n')}`);
}
