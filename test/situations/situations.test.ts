import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Condition } from '../../src/resources/conditions.ts';
import { PLURALS } from '../../src/resources/group.ts';
import { folderOf, readYaml } from '../argocd/customization-tests.ts';
import { healthOf } from '../argocd/lua.ts';
import { finale } from '../operator/finale.ts';
import { holdsRemedy } from '../remedy.ts';
import { playAll, SITUATIONS, Stages, type Played } from './played.ts';
import { recordingOf } from './recording.ts';
import { SUBJECT, type Subject } from './situation.ts';
import { parseTable } from './table.ts';

jest.setTimeout(300_000);

type Row = Readonly<Record<string, string>>;

/** As much of an object's status as every kind has. */
interface Recorded {
  readonly status: { readonly conditions?: readonly Condition[] };
}

let stages: Stages;
let played: readonly Played[];
/** What `kubectl get -o wide` shows of each subject. */
let rows: ReadonlyMap<Played, Row>;

beforeAll(async () => {
  stages = await Stages.start();
  played = await playAll(stages);
  rows = new Map(await Promise.all(played.map(async (one) => [one, await shown(one, '--output=wide')] as const)));
}, 300_000);

afterAll(() => stages.stop());

async function shown({ situation: { kind }, scene }: Played, ...flags: readonly string[]): Promise<Row> {
  const which = kind === 'InfluxDBCluster' ? [scene.cluster] : [SUBJECT, `--namespace=${scene.namespace}`];
  // What is not there yet is a row without a status.
  const table = await scene.stage.kubectl('get', PLURALS[kind], ...which, '--ignore-not-found', ...flags);
  return parseTable(table)[0] ?? {};
}

const conditionsOf = (subject: Subject): readonly Condition[] => subject.status?.conditions ?? [];
const messages = (conditions: readonly Condition[] = []): string[] =>
  conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
const find = (name: string, kind: string): Played => {
  const one = played.find(({ situation }) => situation.name === name && situation.kind === kind);
  if (one === undefined) throw new Error(`${kind} ${name} was not played`);
  return one;
};

describe.each(SITUATIONS)('$kind $name', (situation) => {
  const one = (): Played => find(situation.name, situation.kind);

  test('stands as it should, for the spec as it is', () => {
    const ready = conditionsOf(one().subject).find(({ type }) => type === 'Ready');
    expect(ready && [ready.status, ready.reason]).toEqual(situation.ready);
  });

  test('says what to do, unless all is well', () => {
    const conditions = conditionsOf(one().subject);
    const silent = conditions.filter(
      ({ type, status, reason, message }) =>
        !(type === 'Ready' && status === 'True' && reason !== 'IssuedUnverified' && reason !== 'Suspended') &&
        !(type === 'Synced' && status === 'True') &&
        !holdsRemedy(message),
    );
    expect(silent).toEqual([]);
  });

  test('has the health in Argo CD that it should', () => {
    expect(healthOf(situation.kind, one().subject)).toMatchObject({ status: situation.health });
  });

  test('is recorded as the operator makes it today', async () => {
    const recorded = await readYaml<Recorded>(folderOf(situation.kind), `testdata/${situation.name}.yaml`);
    const now: Recorded = JSON.parse(JSON.stringify(recordingOf(one())));
    expect(messages(now.status.conditions)).toEqual(messages(recorded.status.conditions));
  });

  if (situation.ready === undefined) return;
  const [ready, status] = situation.ready;

  test('shows READY and STATUS as they are', () => {
    expect(rows.get(one())).toMatchObject({ READY: ready, STATUS: status });
  });

  if (situation.kind === 'InfluxDBCluster') {
    test('shows where it is and how many tokens were issued on it', () => {
      const { scene } = one();
      expect(rows.get(one())).toMatchObject({ URL: scene.simulator.url, TOKENS: expect.stringMatching(/^[01]$/) });
    });
    return;
  }

  test('shows a Secret that is there and its own, or none', async () => {
    const { scene, subject } = one();
    const name = rows.get(one())?.['SECRET'] ?? '';
    const holder = (await scene.findSecret(name || SUBJECT))?.metadata.annotations?.['influxtokens.dev/object'];
    const object = `${situation.kind}/${scene.namespace}/${SUBJECT}/${subject.metadata.uid}`;
    expect({ name, holder }).toEqual(holder === object ? { name: SUBJECT, holder } : { name: '', holder });
  });

  test('shows the token that InfluxDB has, its end and its renewal', async () => {
    const { scene } = one();
    const row = rows.get(one()) ?? {};
    const token = scene.simulator.tokens().find(({ id }) => id === row['TOKEN-ID']);
    const lasting = situation.name === 'issued-for-a-lifetime';
    expect(row['CLUSTER']).toBe(scene.cluster);
    expect(row['EXPIRES']).toBe(token?.expiresAt === undefined ? '' : wholeSeconds(token.expiresAt));
    expect(row['EXPIRES'] !== '').toBe(lasting);
    expect(row['ROTATES'] !== '').toBe(lasting);
    // What is in the Secret is what is shown, until there is another.
    expect(token?.revokedAt === undefined).toBe(situation.name !== 'issuing');
  });

  if (ready !== 'True') return;

  test('is READY, and an application that reads the Secret now is let in', async () => {
    const { scene } = one();
    if (situation.name.includes('away') || situation.name.includes('unreachable')) await scene.simulator.up();
    scene.simulator.clearFaults();
    expect(await scene.accepts((await scene.secret(SUBJECT)).data['token'])).toBe(true);
  });
});

function wholeSeconds(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

describe('where time goes by as everywhere', () => {
  finale(() => stages.usual);
});
describe('where time leaps', () => {
  finale(() => stages.late);
});
