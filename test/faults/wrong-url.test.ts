import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import { nothing, prepare } from './convergence.ts';
import type { Substitute } from './intercept.ts';
import { violations } from './invariants.ts';
import { missing, scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';
import type { Trial } from './trial.ts';

jest.setTimeout(180_000);

let theatre: Theatre;

beforeAll(async () => {
  theatre = await Theatre.start(['--no-leader-elect', '--inventory-interval=2s']);
});

beforeEach(() => theatre.startOperator());

afterEach(() => theatre.clear());

afterAll(() => theatre.stop());

const NOT_FOUND: Substitute = { status: 404, body: JSON.stringify({ code: 404, message: 'not found' }) };
const NO_BACKEND: Substitute = {
  status: 404,
  body: 'default backend - 404',
  headers: { 'content-type': 'text/plain' },
};

const PLACES: readonly { title: string; list: Substitute; other: Substitute }[] = [
  { title: 'a path where the API says 404 to everything', list: NOT_FOUND, other: NOT_FOUND },
  { title: 'an ingress that knows no such host', list: NO_BACKEND, other: NO_BACKEND },
  { title: 'another cluster, which has none of our tokens', list: { status: 200, body: '[]' }, other: NOT_FOUND },
];

/** What a scenario leaves undone while the URL leads elsewhere, and ends when it is right again. */
const PLAYED = { kept: 'leak', deleted: 'delete', new: 'issue' } as const;

test.each(PLACES)('while spec.url leads to $title, nothing is minted and nothing let go', async ({ list, other }) => {
  const trial = await theatre.trial('elsewhere');
  await Promise.all(Object.entries(PLAYED).map(([name, prefix]) => prepare(scenario(prefix), trial, name)));
  const tokens = JSON.stringify(trial.scene.simulator.tokens());
  const always = { forward: false, times: Infinity };
  const strikes = [
    trial.influxdb.strike({ ...always, matches: ({ name }) => name === 'GET tokens', answer: list }),
    trial.influxdb.strike({ ...always, matches: ({ counts }) => counts, answer: other }),
  ];
  await waitFor(async () => (await hindrance(trial)) !== 'Connected', { what: 'the next list' });
  const calls = trial.influxdb.calls.length;
  await Promise.all(Object.entries(PLAYED).map(([name, prefix]) => scenario(prefix).act(trial, name)));
  await toldWhy(trial);
  // Also by a process that has seen nothing but this.
  await theatre.crash();
  await theatre.startOperator();
  await toldWhy(trial);
  const changes = trial.influxdb.calls.slice(calls).filter(({ counts, method }) => counts && method !== 'GET');
  expect(changes).toEqual([]);
  expect(JSON.stringify(trial.scene.simulator.tokens())).toBe(tokens);

  for (const strike of strikes) strike.withdraw();
  const most = new Map(Object.entries(PLAYED).map(([name, prefix]) => [name, scenario(prefix).made]));
  await nothing(async () => {
    const left = await Promise.all(
      Object.entries(PLAYED).map(([name, prefix]) => missing(scenario(prefix), trial, name)),
    );
    return [...left.filter((words) => words !== undefined), ...(await violations(trial, most))];
  }, 'everything to be done once the URL is right');
  await trial.rest();
});

async function hindrance({ scene }: Trial): Promise<string | undefined> {
  const { status } = await scene.clusterObject();
  return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

/** Waits until three lists had their answer, and the cluster and what waits for it say what is wrong. */
async function toldWhy(trial: Trial): Promise<void> {
  const { scene } = trial;
  const lists = (): number => trial.influxdb.calls.filter(({ name }) => name === 'GET tokens').length;
  const before = lists();
  await waitFor(() => lists() >= before + 3, { what: 'three lists' });
  const told = async (): Promise<boolean> => {
    const objects = [await scene.clusterObject(), await scene.token('deleted'), await scene.token('new')];
    const all = objects.map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready'));
    const fine = all.every(
      (ready) =>
        ready?.status === 'False' &&
        ['ClusterMismatch', 'ClusterUnreachable', 'Revoking'].includes(ready.reason) &&
        ready.message.includes('spec.url'),
    );
    if (!fine) throw new Error(JSON.stringify(all));
    return true;
  };
  await waitFor(told, { what: 'all to say what is wrong' });
}
