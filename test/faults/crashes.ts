// Kills the operator at every call that it makes, one after the other. Each kind of token has a test file of its own, so that they are played
// at the same time.

import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { TokenKind } from '../../src/resources/group.ts';
import { waitFor } from '../wait.ts';
import type { Call } from './calls.ts';
import type { Interceptor } from './intercept.ts';
import { converged, prepare } from './convergence.ts';
import { leaks, violations } from './invariants.ts';
import { scenariosFor, type Scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';
import type { Trial } from './trial.ts';

/** One call of a scenario: the same in every run, because what comes at any time (a list of all tokens) is counted once. */
interface Point {
  readonly at: 'kubernetes' | 'influxdb';
  readonly name: string;
  /** How many calls of this name come first. */
  readonly skip: number;
}

/** The tests of a file: everything that can happen to a token of this kind. */
export function testCrashes(kind: TokenKind): void {
  let theatre: Theatre;

  jest.setTimeout(1_200_000);

  beforeAll(async () => {
    const flags = ['--no-leader-elect', '--inventory-interval=1s'];
    // The command is only there where it is played: each cluster is asked for its management tokens where it is.
    theatre = await Theatre.start(flags, kind === 'ManagementToken' ? { influxctl: {} } : {});
  });

  afterEach(() => theatre.clear());

  afterAll(() => theatre.stop());

  test.each(scenariosFor(kind))('survives kill -9 before and after every call of $title', async (scenario) => {
    await theatre.startOperator();
    const trial = await theatre.trial(scenario.prefix, { kind });
    const points = await callsOf(scenario, trial);
    expect(points.length).toBeGreaterThan(1);
    const cases = points.flatMap((point) => [
      { point, effect: false },
      { point, effect: true },
    ]);
    const names = cases.map((_, index) => `${scenario.prefix}-${index + 1}`);
    await Promise.all(names.map((name) => prepare(scenario, trial, name)));
    await trial.rest();

    const most = new Map([[`${scenario.prefix}-0`, scenario.made]]);
    let longest = 0;
    for (const [index, { point, effect }] of cases.entries()) {
      const name = names[index] ?? '';
      // One crash costs at most one token that nobody holds.
      most.set(name, scenario.made + 1);
      const label = `killed ${effect ? 'after' : 'before'} ${point.name} #${point.skip + 1} of ${name}`;
      await crashAt(theatre, scenario, trial, name, point, effect, label);
      const since = performance.now();
      await theatre.startOperator();
      await converged(scenario, trial, name, most, label);
      longest = Math.max(longest, performance.now() - since);
    }
    await trial.rest();
    expect(await violations(trial, most)).toEqual([]);
    expect(await leaks(theatre.stage)).toEqual([]);
    const calls = points.map(({ name }) => name).join(', ');
    const seconds = Math.ceil(longest / 1_000);
    console.info(`${kind}, ${scenario.title}: ${cases.length} crashes, converged within ${seconds} s, at ${calls}`);
  });
}

/** Runs the scenario once without a fault and tells what the operator called. */
async function callsOf(scenario: Scenario, trial: Trial): Promise<readonly Point[]> {
  const name = `${scenario.prefix}-0`;
  await prepare(scenario, trial, name);
  await trial.rest();
  const { kubernetes, influxdb } = trial;
  const from = { kubernetes: kubernetes.calls.length, influxdb: influxdb.calls.length };
  await scenario.act(trial, name);
  await converged(scenario, trial, name, new Map([[name, scenario.made]]), 'without a fault');
  await trial.rest();
  const changes = kubernetes.calls.slice(from.kubernetes).filter((call) => call.counts && trial.concerns(call, name));
  const calls = influxdb.calls.slice(from.influxdb).filter(({ counts }) => counts);
  const lists = calls.filter((call) => isList(call)).slice(0, 1);
  return [
    ...numbered('kubernetes', changes),
    ...numbered(
      'influxdb',
      calls.filter((call) => !isList(call)),
    ),
    ...numbered('influxdb', lists),
  ];
}

function isList({ name }: Call): boolean {
  return name === 'GET tokens';
}

function numbered(at: Point['at'], calls: readonly Call[]): readonly Point[] {
  return calls.map(({ name }, index) => ({
    at,
    name,
    skip: calls.slice(0, index).filter((earlier) => earlier.name === name).length,
  }));
}

/** Acts, and kills the operator at that call. */
async function crashAt(
  theatre: Theatre,
  scenario: Scenario,
  trial: Trial,
  name: string,
  point: Point,
  effect: boolean,
  label: string,
): Promise<void> {
  const at: Interceptor = trial[point.at];
  const armed = at.strike({
    matches: (call) => call.name === point.name && (isList(call) || trial.concerns(call, name)),
    skip: point.skip,
    forward: effect,
    // Nobody is there to hear of it any more but the command, which would wait.
    answer: 'reset',
    meanwhile: () => theatre.crash(),
  });
  await scenario.act(trial, name);
  await waitFor(() => armed.hits > 0, { what: `the operator to be ${label}` });
}
