import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { finale } from '../../operator/finale.ts';
import type { Scene } from '../../operator/scene.ts';
import { Stage } from '../../operator/stage.ts';
import { waitFor } from '../../wait.ts';
import { Application, parseObjects, tokensOf } from './application.ts';
import { ArgoCD } from './argocd.ts';

jest.setTimeout(300_000);

const DEPLOY = join(import.meta.dirname, '../../../deploy');

let argocd: ArgoCD;
let stage: Stage;

beforeAll(async () => {
  argocd = await ArgoCD.build(console.error);
  stage = await Stage.start({ operatorFlags: ['--inventory-interval=2s'] });
}, 1_800_000);

afterAll(() => stage.stop());

/** The Application of a team of its own, with the credential of its InfluxDB in place. */
async function team(): Promise<{ scene: Scene; application: Application }> {
  const scene = await stage.scene('metrics', { without: ['cluster'] });
  return { scene, application: new Application(argocd, stage, scene.namespace, await tokensOf(scene)) };
}

/** The same after a sync. */
async function syncedTeam(): Promise<{ scene: Scene; application: Application }> {
  const { scene, application } = await team();
  expect(await application.toItsEnd(application.git)).toMatchObject({ phase: 'Succeeded' });
  await scene.waitForReason('telegraf', 'Issued');
  return { scene, application };
}

/** Which of a team's objects there are. */
async function there({ namespace, cluster }: Scene): Promise<string[]> {
  const names = await Promise.all(
    [`influxdbclusters/${cluster}`, 'databasetokens/telegraf', 'secrets/telegraf', 'deployments/telegraf'].map((name) =>
      stage.kubectl('get', name, `--namespace=${namespace}`, '--ignore-not-found', '--output=name'),
    ),
  );
  return names.filter((name) => name !== '').map((name) => name.replace(/[./].*/s, ''));
}

const patch = (scene: Scene, ...operations: readonly object[]): Promise<string> =>
  stage.kubectl(
    'patch',
    'idbt/telegraf',
    `--namespace=${scene.namespace}`,
    '--type=json',
    `--patch=${JSON.stringify(operations)}`,
  );

test('the Application of the operator is synced, CRDs and all, and shows no difference', async () => {
  const objects = parseObjects(await stage.kubectl('kustomize', DEPLOY));
  expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition').length).toBe(3);
  const application = new Application(argocd, stage, 'influxtokens-system', objects);
  expect(await application.toItsEnd(objects)).toMatchObject({ phase: 'Succeeded' });
  expect(await application.differences()).toEqual([]);
});

test('each wave waits for the health of the one before: InfluxDB, the token, and then who reads it', async () => {
  const { scene, application } = await team();
  const { git } = application;
  await scene.simulator.down();
  const away = await application.syncUntil(async () => (await there(scene)).includes('influxdbcluster'), git);
  expect(away).toMatchObject({ phase: 'Running' });
  await scene.waitForCluster('ClusterUnreachable');
  const held = await application.step(git, await application.step(git, away));
  expect([held.phase, await there(scene)]).toEqual(['Running', ['influxdbcluster']]);

  scene.simulator.inject({ kind: 'status', status: 401, path: '^/api/v2/write' });
  await scene.simulator.up();
  const issued = await application.syncUntil(async () => (await there(scene)).includes('secret'), git, held);
  const waiting = await application.step(git, await application.step(git, issued));
  expect([waiting.phase, await there(scene)]).toEqual(['Running', ['influxdbcluster', 'databasetoken', 'secret']]);

  scene.simulator.clearFaults();
  expect(await application.toItsEnd(git, waiting)).toMatchObject({ phase: 'Succeeded' });
  expect(await there(scene)).toContain('deployment');
  expect(await application.differences()).toEqual([]);
});

test('self-heal brings back what Git says, and the Secret with it', async () => {
  const { scene, application } = await syncedTeam();
  await scene.change('telegraf', { spec: { secret: { keys: { token: 'OTHER' } } } });
  await waitFor(async () => (await scene.secret('telegraf')).data['OTHER'], { what: 'the change' });
  expect(await application.differences()).not.toEqual([]);
  expect(await application.toItsEnd(application.git)).toMatchObject({ phase: 'Succeeded' });
  await waitFor(async () => (await scene.secret('telegraf')).data['INFLUX_TOKEN'], { what: 'the change back' });
  await scene.waitForReason('telegraf', 'Issued');
  expect(scene.simulator.tokens().length).toBe(1);
  expect(await application.differences()).toEqual([]);
});

test('a permission that somebody adds beside those of Git stays: to server-side apply it belongs to who added it', async () => {
  const { scene, application } = await syncedTeam();
  const allowed = (): readonly string[] => scene.liveTokens()[0]?.permissions.map(({ action }) => action) ?? [];
  await patch(scene, { op: 'add', path: '/spec/permissions/-', value: { action: 'read', resource: 'sensors' } });
  await waitFor(() => allowed().includes('read'), { what: 'the change' });
  const [difference] = await application.differences();
  expect(Object.keys(difference ?? {})).toEqual(['threeWay']);
  expect(await application.toItsEnd(application.git)).toMatchObject({ phase: 'Succeeded' });
  expect(allowed()).toContain('read');
  expect((await application.differences()).map((one) => Object.keys(one))).toEqual([['threeWay']]);
  await patch(scene, { op: 'remove', path: '/spec/permissions/1' });
  await waitFor(() => !allowed().includes('read'), { what: 'the change back' });
  await scene.waitForReason('telegraf', 'Issued');
  expect(await application.differences()).toEqual([]);
});

test('a Secret that was deleted is made again by the operator; Git knows nothing of it', async () => {
  const { scene, application } = await syncedTeam();
  const before = await scene.secret('telegraf');
  await scene.deleteSecret('telegraf');
  const again = await waitFor(() => scene.findSecret('telegraf'), { what: 'another Secret' });
  expect(again.data['INFLUX_TOKEN']).not.toBe(before.data['INFLUX_TOKEN']);
  await scene.waitForReason('telegraf', 'Issued');
  expect(await application.differences()).toEqual([]);
});

test('a request that the rules do not allow fails the sync, with what to do about it', async () => {
  const { scene, application } = await team();
  const asked = { apiVersion: 'influxtokens.dev/v1alpha1', kind: 'DatabaseToken' };
  const permissions = [{ action: 'read', resource: 'billing' }];
  const spec = { clusterRef: { name: scene.cluster }, permissions };
  const annotations = { 'argocd.argoproj.io/sync-wave': '1' };
  const greedy = { ...asked, metadata: { name: 'greedy', namespace: scene.namespace, annotations }, spec };
  const failed = await application.toItsEnd([...application.git, greedy]);
  expect(failed.phase).toBe('Failed');
  expect(JSON.stringify(failed)).toContain('ask for less, or have an administrator extend spec.access');
});

test('a token that is taken out of Git is pruned, and the sync waits until InfluxDB has revoked it', async () => {
  const { scene, application } = await syncedTeam();
  const without = application.git.filter(({ kind }) => kind !== 'DatabaseToken' && kind !== 'Deployment');
  scene.simulator.inject({ kind: 'status', status: 503, method: 'DELETE' });
  const pruning = await application.syncUntil(
    async () => (await scene.find('telegraf'))?.metadata.deletionTimestamp !== undefined,
    without,
  );
  await scene.waitForReason('telegraf', 'Revoking');
  const waiting = await application.step(without, pruning);
  expect({ phase: waiting.phase, live: scene.liveTokens().length > 0 }).toEqual({ phase: 'Running', live: true });
  scene.simulator.clearFaults();
  expect(await application.toItsEnd(without, waiting)).toMatchObject({ phase: 'Succeeded' });
  expect([scene.liveTokens(), await there(scene)]).toEqual([[], ['influxdbcluster']]);
});

test('pruned in the foreground all at once, the Secret goes first, and the cluster when the last token is revoked', async () => {
  const { scene, application } = await syncedTeam();
  scene.simulator.inject({ kind: 'status', status: 503, method: 'DELETE' });
  const nothing = application.git.filter(({ kind }) => kind === 'Namespace');
  const pruning = await application.syncUntil(async () => (await there(scene)).length === 2, nothing);
  // The order of Kubernetes: what is owned first, while our finalizer holds the object.
  expect([await there(scene), pruning.phase]).toEqual([['influxdbcluster', 'databasetoken'], 'Running']);
  scene.simulator.clearFaults();
  expect(await application.toItsEnd(nothing, pruning)).toMatchObject({ phase: 'Succeeded' });
  await waitFor(async () => (await there(scene)).length === 0, { what: 'the end of all' });
  expect(scene.liveTokens()).toEqual([]);
});

finale(() => stage);
