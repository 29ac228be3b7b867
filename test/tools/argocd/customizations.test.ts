import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { KINDS } from '../../../scripts/argocd.ts';
import { API_VERSION } from '../../../src/resources/group.ts';
import {
  folderOf,
  readYaml,
  type ActionTests,
  type Health,
  type HealthTests,
} from '../../argocd/customization-tests.ts';
import { ArgoCD } from './argocd.ts';

/** As much of an object as is looked at here. */
interface Recorded {
  readonly metadata: { readonly deletionTimestamp?: string };
}

let argocd: ArgoCD;

beforeAll(async () => {
  argocd = await ArgoCD.build(console.error);
}, 1_800_000);

test('Argo CD gives every recorded object the health that health_test.yaml expects', async () => {
  let count = 0;
  for (const kind of KINDS) {
    const { tests } = await readYaml<HealthTests>(folderOf(kind), 'health_test.yaml');
    const objects = await Promise.all(tests.map(({ inputPath }) => readYaml<Recorded>(folderOf(kind), inputPath)));
    const found = await argocd.health(objects);
    const expected = tests.map(({ healthStatus }, index) =>
      isGoing(objects[index]) ? PENDING_DELETION : healthStatus,
    );
    expect(found.map((health, index) => ({ of: tests[index]?.inputPath, health }))).toEqual(
      expected.map((health, index) => ({ of: tests[index]?.inputPath, health })),
    );
    count += tests.length;
  }
  expect(count).toBeGreaterThanOrEqual(30);
});

test('without the ConfigMap Argo CD knows no health of our kinds, which is why it is shipped', async () => {
  const kinds = KINDS.map((kind) => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name: 'any', generation: 1 },
    spec: {},
  }));
  expect(await argocd.unconfigured().health(kinds)).toEqual(kinds.map(() => null));
  expect(await argocd.health(kinds)).toEqual(kinds.map(() => expect.objectContaining({ status: 'Progressing' })));
});

describe.each(KINDS)('the actions of a %s', (kind) => {
  const folder = join(folderOf(kind), 'actions');

  test('are offered by Argo CD as action_test.yaml says', async () => {
    const { discoveryTests } = await readYaml<ActionTests>(folder, 'action_test.yaml');
    const objects = await Promise.all(discoveryTests.map(({ inputPath }) => readYaml<object>(folder, inputPath)));
    const found = await argocd.actions(objects);
    for (const [index, { inputPath, result }] of discoveryTests.entries()) {
      const offered = found[index]?.offered.map(({ name, disabled = false }) => ({ name, disabled })) ?? [];
      const expected = result.map(({ name, disabled = false }) => ({ name, disabled }));
      expect({ inputPath, offered: byName(offered) }).toEqual({ inputPath, offered: byName(expected) });
    }
  });

  test('are each run by Argo CD, and change what action_test.yaml says and nothing else', async () => {
    const { actionTests } = await readYaml<ActionTests>(folder, 'action_test.yaml');
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(new Set(actionTests.map(({ action }) => action))).toEqual(
      new Set(names.map(({ name }) => name).filter((name) => name !== 'testdata')),
    );
    for (const { action, inputPath, expectedOutputPath } of actionTests) {
      const [found] = await argocd.actions([await readYaml<object>(folder, inputPath)]);
      expect(withoutNonces(found?.results[action])).toEqual(withoutNonces(await readYaml(folder, expectedOutputPath)));
    }
  });
});

/** Argo CD asks no customization about an object that is being deleted. */
const PENDING_DELETION: Health = { status: 'Progressing', message: 'Pending deletion' };

function isGoing(object: Recorded | undefined): boolean {
  return object?.metadata.deletionTimestamp !== undefined;
}

const byName = <T extends { readonly name: string }>(actions: readonly T[]): T[] =>
  [...actions].sort((one, other) => one.name.localeCompare(other.name));

/** The value of a nonce is the time, another one at every run. */
function withoutNonces(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object), (key, value) =>
    key.startsWith('influxtokens.dev/rotate') ? 'nonce' : value,
  );
}
