import { readdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { customizationOf, KINDS } from '../../scripts/argocd.ts';
import { advice, conditionsOf, type Condition } from '../../src/resources/conditions.ts';
import { API_VERSION } from '../../src/resources/group.ts';
import { isReason, REASONS, type Reason, type ReasonClass } from '../../src/resources/reasons.ts';
import { holdsRemedy } from '../remedy.ts';
import { runLua } from '../argocd/lua.ts';
import { folderOf, readYaml, type ActionTests, type Health, type HealthTests } from '../argocd/customization-tests.ts';

const REASON_NAMES = Object.keys(REASONS).filter(isReason);
const NOW = Date.UTC(2030, 0, 1);

const EXPECTED: Readonly<Record<ReasonClass, Health['status']>> = {
  good: 'Healthy',
  underway: 'Progressing',
  retrying: 'Progressing',
  stalled: 'Degraded',
  suspended: 'Suspended',
};

interface Subject {
  readonly conditions?: readonly Condition[];
  readonly observedGeneration?: number;
  readonly deleting?: boolean;
}

const object = ({ conditions = [], observedGeneration = 2, deleting = false }: Subject): object => ({
  apiVersion: API_VERSION,
  metadata: { name: 'example', generation: 2, ...(deleting ? { deletionTimestamp: '2030-01-01T00:00:00Z' } : {}) },
  spec: {},
  status: { observedGeneration, conditions },
});

const said = (reason: Reason): string => advice({ reason, message: `because of ${reason}` });
const because = (reason: Reason, before: readonly Condition[] = [], standing = false): Condition[] =>
  conditionsOf({ reason, message: `because of ${reason}`, standing }, before, 2, NOW);

describe.each(KINDS)('the health of a %s', (kind) => {
  const script = customizationOf(kind).health;
  const health = (subject: Subject): unknown => runLua(script, object(subject));

  test.each(REASON_NAMES)('with %s is what its class says, with the message of the condition', (reason) => {
    const status = EXPECTED[REASONS[reason].class];
    expect(health({ conditions: because(reason) })).toEqual({ status, message: said(reason) });
  });

  test.each(REASON_NAMES)('is Progressing while %s is about an earlier spec', (reason) => {
    expect(health({ conditions: because(reason), observedGeneration: 1 })).toMatchObject({ status: 'Progressing' });
  });

  test.each(REASON_NAMES)('is never Healthy with %s when it is being deleted', (reason) => {
    const group = REASONS[reason].class;
    const status = group === 'stalled' || group === 'suspended' ? EXPECTED[group] : 'Progressing';
    expect(health({ conditions: because(reason), deleting: true })).toMatchObject({ status });
  });

  test('is Progressing before the operator has looked, and says what to check if that lasts', () => {
    const unseen = { status: 'Progressing', message: expect.stringContaining('check that it runs') };
    expect(health({ observedGeneration: -1 })).toEqual(unseen);
    expect(runLua(script, { metadata: { generation: 1 }, spec: {} })).toEqual(unseen);
  });

  test('stays Suspended when a token works all the same', () => {
    expect(health({ conditions: because('Suspended', because('Issued')) })).toMatchObject({ status: 'Suspended' });
  });
});

describe.each(['DatabaseToken', 'ManagementToken'] as const)('the health of a %s that works', (kind) => {
  const retrying = REASON_NAMES.filter((reason) => REASONS[reason].class === 'retrying');

  test.each(retrying)('is Healthy in spite of %s, and says what hinders', (reason) => {
    const conditions = because(reason, because('Issued'), true);
    const message = `because of Issued But: ${said(reason)}`;
    expect(runLua(customizationOf(kind).health, object({ conditions }))).toEqual({ status: 'Healthy', message });
  });
});

test('an InfluxDBCluster whose inventory is held stays Healthy and says what to do', () => {
  const held = because('Connected').map((ready) => ({ ...ready, type: 'InventoryHeld', message: 'annotate it' }));
  const conditions = [...because('Connected'), ...held];
  const message = 'because of Connected But: annotate it';
  expect(runLua(customizationOf('InfluxDBCluster').health, object({ conditions }))).toEqual({
    status: 'Healthy',
    message,
  });
});

test.each(KINDS)('every recorded %s is in health_test.yaml and has the health that stands there', async (kind) => {
  const folder = folderOf(kind);
  const { tests } = await readYaml<HealthTests>(folder, 'health_test.yaml');
  const recorded = (await readdir(`${folder}/testdata`)).map((name) => `testdata/${name}`);
  expect(tests.map(({ inputPath }) => inputPath).sort()).toEqual(recorded.sort());
  for (const { inputPath, healthStatus } of tests) {
    const found = runLua(customizationOf(kind).health, await readYaml(folder, inputPath));
    expect({ inputPath, found }).toEqual({ inputPath, found: healthStatus });
  }
});

test.each(KINDS)('every recorded %s that does not stand well says what to do', async (kind) => {
  const folder = `${folderOf(kind)}/testdata`;
  for (const name of await readdir(folder)) {
    const { status } = await readYaml<{ status?: { conditions?: readonly Condition[] } }>(folder, name);
    const wanting = (status?.conditions ?? []).filter(
      ({ type, status: state, reason, message }) =>
        (type === 'InventoryHeld' || state !== (type === 'Ready' || type === 'Synced' ? 'True' : 'False')) &&
        isReason(reason) &&
        !holdsRemedy(message),
    );
    expect({ name, wanting }).toEqual({ name, wanting: [] });
  }
});

describe.each(KINDS)('the actions of a %s', (kind) => {
  const folder = `${folderOf(kind)}/actions`;
  const { discovery, actions } = customizationOf(kind);

  test('are offered as action_test.yaml says', async () => {
    const { discoveryTests } = await readYaml<ActionTests>(folder, 'action_test.yaml');
    for (const { inputPath, result } of discoveryTests) {
      const found = runLua(discovery, await readYaml(folder, inputPath));
      const expected = result.map(({ name, disabled = false }) => [name, { disabled }] as const);
      expect({ inputPath, found }).toEqual({ inputPath, found: Object.fromEntries(expected) });
    }
  });

  test('are each tested, and change what action_test.yaml says and nothing else', async () => {
    const { actionTests } = await readYaml<ActionTests>(folder, 'action_test.yaml');
    expect(new Set(actionTests.map(({ action }) => action))).toEqual(new Set(Object.keys(actions)));
    for (const { action, inputPath, expectedOutputPath } of actionTests) {
      const found = runLua(actions[action] ?? '', await readYaml(folder, inputPath));
      expect(withoutNonces(found)).toEqual(withoutNonces(await readYaml(folder, expectedOutputPath)));
    }
  });

  test('that rotate do so by a nonce that is a time', async () => {
    for (const action of Object.keys(actions).filter((name) => name.startsWith('rotate'))) {
      const found = runLua(actions[action] ?? '', { metadata: {}, spec: {} });
      // Unlike Argo CD's Lua, fengari leaves the "!" that asks for UTC in its answer.
      const time = expect.stringMatching(/^!?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(found).toEqual({ metadata: { annotations: { [`influxtokens.dev/${action}`]: time } }, spec: {} });
    }
  });
});

test('no script uses what Argo CD does not open to it', () => {
  for (const kind of KINDS) {
    const { health, discovery, actions } = customizationOf(kind);
    for (const script of [health, discovery, ...Object.values(actions)]) {
      expect(script).not.toMatch(/\b(string|io|debug|math|coroutine)\.|\w:\w+\(/);
    }
  }
});

/** The value of a nonce is the time, another one at every run. */
function withoutNonces(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object), (key, value) =>
    key.startsWith('influxtokens.dev/rotate') ? 'nonce' : value,
  );
}
