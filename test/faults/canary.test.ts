import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { finale } from '../operator/finale.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';
import { createCrowd, toEach, waitForCrowd } from './crowd.ts';

jest.setTimeout(900_000);

/** Each management token takes a handful of commands to be run. */
const CROWDS = [
  { kind: 'DatabaseToken', size: 1_000 },
  { kind: 'ManagementToken', size: 40 },
] as const;

describe.each(CROWDS)('$kind:', ({ kind, size }) => {
  let stage: Stage;
  let scene: Scene;
  let names: readonly string[];

  // The operator of a stage logs at level trace; the last tests of this file search everything that it wrote and everything that it was asked.
  beforeAll(async () => {
    stage = await Stage.start({
      operatorFlags: ['--inventory-interval=10s'],
      ...(kind === 'ManagementToken' && { influxctl: {} }),
    });
    scene = await stage.scene('canary', { kind });
    const rule = { databases: ['sensors'], actions: ['read'], managementTokens: 'Allow', maxTokens: size };
    await scene.createCluster({ access: [{ ...rule, name: 'canary', namespaces: { names: [scene.namespace] } }] });
  });

  afterAll(async () => {
    await stage.stop();
  });

  /** The current token of each, by name. */
  async function current(): Promise<ReadonlyMap<string, string | undefined>> {
    const ids = new Map<string, string | undefined>();
    await toEach(names, async (name) => ids.set(name, (await scene.token(name)).status?.token?.id));
    return ids;
  }

  test(`${size} tokens are issued, though some answers are lost`, async () => {
    for (const fault of ['cut', 'malformed', 'reset'] as const) {
      const loss = fault === 'reset' ? ({ kind: fault, effect: true } as const) : { kind: fault };
      scene.simulator.inject({
        ...loss,
        method: 'POST',
        path: '/tokens$',
        skip: size / 20,
        times: Math.ceil(size / 70),
      });
    }
    names = await createCrowd(scene, size);
    await waitForCrowd(scene, size);
  });

  test('each is changed, and has its Secret rewritten', async () => {
    await toEach(names, (name) =>
      scene.change(name, {
        spec: { description: `The canary ${name}`, secret: { keys: { token: 'TOKEN', url: 'URL' } } },
      }),
    );
    await waitForCrowd(scene, size);
  });

  test('each is replaced: on request, for a deleted Secret, for an edited one, or for a revocation outside', async () => {
    const before = await current();
    const quarter = (n: number): readonly string[] => names.filter((_, index) => index % 4 === n);
    await toEach(quarter(0), (name) => scene.annotate(name, { 'influxtokens.dev/rotate-immediately': 'leaked' }));
    await toEach(quarter(1), (name) => scene.deleteSecret(name));
    await toEach(quarter(2), (name) => scene.changeSecret(name, { data: { TOKEN: 'bWluZQ==' } }));
    for (const name of quarter(3)) scene.simulator.revokeToken(before.get(name) ?? '');
    await waitForCrowd(scene, size, ({ metadata, status }) => status?.token?.id !== before.get(metadata.name));
  });

  test('each second one is deleted, and its token revoked', async () => {
    const half = names.filter((_, index) => index % 2 === 0);
    await toEach(half, (name) => scene.delete(name));
    await waitForCrowd(scene, size / 2);
    await waitFor(() => scene.liveTokens().length <= size, {
      what: 'the tokens to be revoked',
      timeout: scene.patience,
    });
    expect(scene.simulator.tokens().length).toBeGreaterThanOrEqual(2 * size);
    // A Secret for each that is left, its own, and no other.
    const left = names.filter((_, index) => index % 2 === 1).map((name) => `secret/${name}`);
    const secrets = async (): Promise<string[]> =>
      (await stage.kubectl('get', 'secrets', `--namespace=${scene.namespace}`, '--output=name')).trim().split('\n');
    await waitFor(async () => (await secrets()).length <= left.length, { what: 'the Secrets to be collected' });
    expect((await secrets()).sort()).toEqual(left.sort());
  });

  finale(() => stage);
});
