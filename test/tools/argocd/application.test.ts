import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { finale } from '../../operator/finale.ts';
import type { Scene } from '../../operator/scene.ts';
import { Stage } from '../../operator/stage.ts';
import { waitFor } from '../../wait.ts';
import { ArgoCD, type SyncState } from './argocd.ts';

jest.setTimeout(300_000);

const ROOT = join(import.meta.dirname, '../../..');
const TOKENS = join(ROOT, 'examples/argocd/tokens');

/** As much of an object of the Application as is looked at. */
interface Object {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: object;
}

let argocd: ArgoCD;
let stage: Stage;
let scene: Scene;
/** What Git holds: examples/argocd/tokens, with the host of InfluxDB replaced as its README says. */
let git: readonly Object[];

beforeAll(async () => {
  argocd = await ArgoCD.build(console.error);
  stage = await Stage.start({ operatorFlags: ['--inventory-interval=2s'] });
  scene = await stage.scene('metrics', { namespace: 'metrics', clusterName: 'influxdb-admin', without: ['cluster'] });
  const { url, dataURL, caBundle } = scene.simulator;
  const tls = { caBundle: Buffer.from(caBundle).toString('base64') };
  const files = await readdir(TOKENS);
  const texts = await Promise.all(files.map((file) => readFile(join(TOKENS, file), 'utf8')));
  const objects = texts.flatMap((text): Object[] => JSON.parse(JSON.stringify(loadAll(text))));
  git = objects.map((object) =>
    object.kind === 'InfluxDBCluster' ? { ...object, spec: { ...object.spec, url, dataURL, tls } } : object,
  );
}, 1_800_000);

afterAll(() => stage.stop());

const step = (objects: readonly Object[], state?: SyncState): Promise<SyncState> =>
  argocd.syncStep(
    { kubeconfig: stage.controlPlane.adminKubeconfig, namespace: 'metrics', objects, managed: git },
    state,
  );

/** Takes steps until something holds, or the sync is over. */
async function syncUntil(
  holds: (state: SyncState) => boolean | Promise<boolean>,
  objects: readonly Object[],
  begun?: SyncState,
): Promise<SyncState> {
  let state = begun;
  await waitFor(
    async () => {
      state = await step(objects, state);
      if (state.phase !== 'Running' || (await holds(state))) return true;
      const tokens = await stage.kubectl('get', 'idbt', '--namespace=metrics', '--output=jsonpath={.items[*].status}');
      throw new Error(`${state.message}; ${tokens}`);
    },
    { what: 'the sync', timeout: 60_000 },
  );
  if (state === undefined) throw new Error('no step was taken');
  return state;
}

const toItsEnd = (objects: readonly Object[], begun?: SyncState): Promise<SyncState> =>
  syncUntil(() => false, objects, begun);

async function there(): Promise<string[]> {
  const names = await Promise.all(
    ['influxdbclusters/production', 'databasetokens/telegraf', 'secrets/telegraf', 'deployments/telegraf'].map((name) =>
      stage.kubectl('get', name, '--namespace=metrics', '--ignore-not-found', '--output=name'),
    ),
  );
  return names.map((name) => name.trim().replace(/\..*\//, '/')).filter((name) => name !== '');
}

async function differences(objects = git): Promise<object[]> {
  const found = await argocd.differences(stage.controlPlane.adminKubeconfig, objects);
  return found.filter((one) => Object.keys(one).length > 0);
}

test('the Application of the operator is synced, CRDs and all, and shows no difference', async () => {
  const manifests = await stage.kubectl('kustomize', join(ROOT, 'deploy'));
  const objects: Object[] = JSON.parse(JSON.stringify(loadAll(manifests)));
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  expect(definitions.length).toBe(3);
  expect(await toItsEnd(objects)).toMatchObject({ phase: 'Succeeded' });
  expect(await differences(objects)).toEqual([]);
});

test('each wave waits for the health of the one before: InfluxDB, the token, and then who reads it', async () => {
  await scene.simulator.down();
  const away = await syncUntil(async () => (await there()).includes('influxdbcluster/production'), git);
  expect(away.phase).toBe('Running');
  await stage.kubectl('wait', '--for=jsonpath={.status.conditions[0].reason}=ClusterUnreachable', 'idbc/production');
  const held = await step(git, await step(git, away));
  expect([held.phase, await there()]).toEqual(['Running', ['influxdbcluster/production']]);

  scene.simulator.inject({ kind: 'status', status: 401, path: '^/api/v2/write' });
  await scene.simulator.up();
  const issued = await syncUntil(async () => (await there()).includes('secret/telegraf'), git, held);
  const waiting = await step(git, await step(git, issued));
  expect([waiting.phase, await there()]).toEqual([
    'Running',
    ['influxdbcluster/production', 'databasetoken/telegraf', 'secret/telegraf'],
  ]);

  scene.simulator.clearFaults();
  const done = await toItsEnd(git, waiting);
  expect(done).toMatchObject({ phase: 'Succeeded' });
  expect(await there()).toContain('deployment/telegraf');
  expect(await differences()).toEqual([]);
});

test('self-heal brings back what Git says, and the Secret with it', async () => {
  await scene.change('telegraf', { spec: { secret: { keys: { token: 'OTHER' } } } });
  await waitFor(async () => (await scene.secret('telegraf')).data['OTHER'], { what: 'the change' });
  expect(await differences()).not.toEqual([]);
  expect(await toItsEnd(git)).toMatchObject({ phase: 'Succeeded' });
  await waitFor(async () => (await scene.secret('telegraf')).data['INFLUX_TOKEN'], { what: 'the change back' });
  await scene.waitForReason('telegraf', 'Issued');
  expect(scene.simulator.tokens().length).toBe(1);
  expect(await differences()).toEqual([]);
});

test('a permission that somebody adds beside those of Git stays: to server-side apply it belongs to who added it', async () => {
  const allowed = (): readonly string[] => scene.liveTokens()[0]?.permissions.map(({ action }) => action) ?? [];
  const add = [{ op: 'add', path: '/spec/permissions/-', value: { action: 'read', resource: 'sensors' } }];
  await stage.kubectl('patch', 'idbt/telegraf', '--namespace=metrics', '--type=json', `--patch=${JSON.stringify(add)}`);
  await waitFor(() => allowed().includes('read'), { what: 'the change' });
  const [difference] = await differences();
  expect(Object.keys(difference ?? {})).toEqual(['threeWay']);
  expect(await toItsEnd(git)).toMatchObject({ phase: 'Succeeded' });
  expect(await differences()).toEqual([difference]);
  const remove = [{ op: 'remove', path: '/spec/permissions/1' }];
  await stage.kubectl(
    'patch',
    'idbt/telegraf',
    '--namespace=metrics',
    '--type=json',
    `--patch=${JSON.stringify(remove)}`,
  );
  await waitFor(() => !allowed().includes('read'), { what: 'the change back' });
  await scene.waitForReason('telegraf', 'Issued');
  expect(await differences()).toEqual([]);
});

test('a Secret that was deleted is made again by the operator; Git knows nothing of it', async () => {
  const before = await scene.secret('telegraf');
  await scene.deleteSecret('telegraf');
  const again = await waitFor(() => scene.findSecret('telegraf'), { what: 'another Secret' });
  expect(again.data['INFLUX_TOKEN']).not.toBe(before.data['INFLUX_TOKEN']);
  await scene.waitForReason('telegraf', 'Issued');
  expect(await differences()).toEqual([]);
});

test('a request that the rules do not allow fails the sync, with what to do about it', async () => {
  const asked = { apiVersion: 'influxtokens.dev/v1alpha1', kind: 'DatabaseToken' };
  const permissions = [{ action: 'read', resource: 'billing' }];
  const spec = { clusterRef: { name: 'production' }, permissions };
  const annotations = { 'argocd.argoproj.io/sync-wave': '1' };
  const greedy = { ...asked, metadata: { name: 'greedy', namespace: 'metrics', annotations }, spec };
  const failed = await toItsEnd([...git, greedy]);
  expect(failed.phase).toBe('Failed');
  expect(JSON.stringify(failed)).toContain('ask for less, or have an administrator extend spec.access');
  await stage.kubectl('delete', 'idbt/greedy', '--namespace=metrics');
});

test('a token that is taken out of Git is pruned, and the sync waits until InfluxDB has revoked it', async () => {
  const without = git.filter(({ kind }) => kind !== 'DatabaseToken' && kind !== 'Deployment');
  scene.simulator.inject({ kind: 'status', status: 503, method: 'DELETE' });
  const pruning = await syncUntil(
    async () => (await scene.find('telegraf'))?.metadata.deletionTimestamp !== undefined,
    without,
  );
  await scene.waitForReason('telegraf', 'Revoking');
  const waiting = await step(without, pruning);
  expect({ phase: waiting.phase, live: scene.liveTokens().length > 0 }).toEqual({ phase: 'Running', live: true });
  scene.simulator.clearFaults();
  expect(await toItsEnd(without, waiting)).toMatchObject({ phase: 'Succeeded' });
  expect([scene.liveTokens(), await there()]).toEqual([[], ['influxdbcluster/production']]);
});

test('pruned in the foreground all at once, the Secret goes first, and the cluster when the last token is revoked', async () => {
  expect(await toItsEnd(git)).toMatchObject({ phase: 'Succeeded' });
  scene.simulator.inject({ kind: 'status', status: 503, method: 'DELETE' });
  const nothing = git.filter(({ kind }) => kind === 'Namespace');
  const pruning = await syncUntil(async () => (await there()).length === 2, nothing);
  // The order of Kubernetes: what is owned first, while our finalizer holds the object.
  expect([await there(), pruning.phase]).toEqual([['influxdbcluster/production', 'databasetoken/telegraf'], 'Running']);
  scene.simulator.clearFaults();
  expect(await toItsEnd(nothing, pruning)).toMatchObject({ phase: 'Succeeded' });
  await waitFor(async () => (await there()).length === 0, { what: 'the end of all' });
  expect(scene.liveTokens()).toEqual([]);
});

finale(() => stage);
