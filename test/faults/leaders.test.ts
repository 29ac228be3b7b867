import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { PLURALS, TOKEN_KINDS, type TokenKind } from '../../src/resources/group.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import { StandIn } from '../influxctl/install.ts';
import { CANARY } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';
import { nothing, prepare } from './convergence.ts';
import { violations } from './invariants.ts';
import { endOf, Replica } from './replica.ts';
import { missing, scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';

jest.setTimeout(900_000);

let theatre: Theatre;
let processes: GuardedProcesses;
let command: StandIn;

beforeAll(async () => {
  theatre = await Theatre.start([]);
});

afterAll(() => theatre.stop());

beforeEach(async () => {
  processes = await GuardedProcesses.create('influxtokens-replicas');
  command = await StandIn.install(processes.directory);
});

// Also after a failure: a replica that goes on would take part in the next test.
afterEach(async () => {
  await processes.end();
  await command.close();
  await theatre.clear();
});

/** What a replica needs for tokens of a kind. */
function flagsFor(kind: TokenKind): readonly string[] {
  return kind === 'ManagementToken' ? [`--influxctl=${command.path}`] : [];
}

/** Where the leader is when it falls asleep; `late`: its call gets through only when it wakes up, else the answer waits for it. */
interface Point {
  readonly prefix: string;
  readonly call: string;
  readonly late: boolean;
}

/** Calls that changes make. */
const CALLS = {
  issue: (plural: string) => [`PATCH ${plural}`, 'POST secrets (dry run)', 'POST secrets', `PATCH ${plural}/status`],
  rotate: (plural: string) => ['PATCH secrets (dry run)', 'PATCH secrets', `PATCH ${plural}/status`],
};

/** Every call to Kubernetes; and to InfluxDB every one, or as many as leave room for others where few commands run at a time. */
function pointsOf(kind: TokenKind): readonly Point[] {
  const everywhere = Object.entries(CALLS).flatMap(([prefix, calls]) => [
    ...calls(PLURALS[kind]).map((call) => ({ prefix, call })),
    ...(kind === 'ManagementToken' ? [] : [{ prefix, call: 'POST tokens' }]),
    ...(kind === 'ManagementToken' || prefix === 'issue' ? [] : [{ prefix, call: 'DELETE token' }]),
  ]);
  return [
    ...everywhere.flatMap((point) => [
      { ...point, late: false },
      { ...point, late: true },
    ]),
    ...(kind === 'ManagementToken' ? [{ prefix: 'issue', call: 'POST tokens', late: true }] : []),
  ];
}

test.each(TOKEN_KINDS)(
  '%s: a leader that slept through its Lease in the middle of everything changes nothing and ends',
  async (kind) => {
    const sleeping = await theatre.entrance();
    const flags = ['--inventory-interval=2s', '--workers=32', ...flagsFor(kind)];
    const first = await Replica.start(processes, 'first', sleeping.kubeconfig, flags);
    await first.acting();
    const second = await Replica.start(processes, 'second', theatre.kubeconfig, flags);
    const trial = await theatre.trial('leaders', { kind });
    const points = pointsOf(kind).map((point, index) => ({ ...point, name: `${point.prefix}-${index}` }));
    await Promise.all(points.map(({ prefix, name }) => prepare(scenario(prefix), trial, name)));

    // Each object has a call of its own that comes as far as the table says, and no further before it is told.
    const asleep = Promise.withResolvers<void>();
    const awake = Promise.withResolvers<void>();
    let waiting = 0;
    const hold = (until: Promise<void>) => (): Promise<void> => {
      waiting += 1;
      return until;
    };
    for (const { name, call, late } of points) {
      const at = / tokens?$/.test(call) ? trial.influxdb : sleeping.kubernetes;
      at.strike({
        matches: (candidate) => candidate.name === call && trial.concerns(candidate, name),
        forward: true,
        answer: 'whole',
        ...(late ? { first: hold(awake.promise) } : { meanwhile: hold(asleep.promise) }),
      });
    }
    await Promise.all(points.map(({ prefix, name }) => scenario(prefix).act(trial, name)));
    await waitFor(() => waiting === points.length, {
      what: 'every object to have come to its call',
      timeout: trial.patience,
    });
    first.sleep();
    asleep.resolve();

    await second.acting();
    // A second process may have made one token more than one alone, for each that the first had begun.
    const most = new Map(points.map(({ prefix, name }) => [name, scenario(prefix).made + 1]));
    const wrong = async (): Promise<readonly string[]> => {
      const left = await Promise.all(points.map(({ prefix, name }) => missing(scenario(prefix), trial, name)));
      return [...left.filter((words) => words !== undefined), ...(await violations(trial, most))];
    };
    await nothing(wrong, 'the second to have finished everything', trial.patience);

    const before = sleeping.kubernetes.calls.length;
    first.wake();
    awake.resolve();
    expect(await endOf(first)).toBe('ended with exit code 1');
    expect(sleeping.kubernetes.calls.slice(before).filter(({ counts }) => counts)).toEqual([]);
    await nothing(wrong, 'everything to be as it was', trial.patience);
    await trial.rest();
    expect(await wrong()).toEqual([]);
    for (const replica of [first, second]) expect(await replica.log()).not.toContain(CANARY);
    console.info(`${kind}: a leader asleep in ${points.length} calls at once`);
  },
);

test.each([
  { kind: 'DatabaseToken', size: 100 },
  // Each takes a handful of commands to be run.
  { kind: 'ManagementToken', size: 10 },
] as const)(
  'two operators without leader election on the same $size objects of kind $kind come to one token for each',
  async ({ kind, size }) => {
    const trial = await theatre.trial('twins', { kind });
    const other = await theatre.entrance();
    const flags = ['--no-leader-elect', '--inventory-interval=2s', ...flagsFor(kind)];
    const twins = [
      await Replica.start(processes, 'castor', theatre.kubeconfig, flags),
      await Replica.start(processes, 'pollux', other.kubeconfig, flags),
    ];
    await Promise.all(twins.map((twin) => twin.acting()));
    const rotation = scenario('rotate');
    const names = Array.from({ length: size }, (_, index) => `twin-${index}`);
    await Promise.all(names.map((name) => prepare(rotation, trial, name)));
    await Promise.all(names.map((name) => rotation.act(trial, name)));
    // Whoever loses a race for a Secret has made a token in vain.
    const most = new Map(names.map((name) => [name, rotation.made * twins.length]));
    await nothing(
      async () => {
        const left = await Promise.all(names.map((name) => missing(rotation, trial, name)));
        return [...left.filter((words) => words !== undefined), ...(await violations(trial, most))];
      },
      `${size} objects to be rotated`,
      trial.patience,
    );
    await trial.rest();
    expect(await violations(trial, most)).toEqual([]);
  },
);
