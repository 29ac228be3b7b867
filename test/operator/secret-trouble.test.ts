import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { TOKEN_KINDS } from '../../src/resources/group.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { deleteAt, orUndefined, paths } from './objects.ts';
import { forbid } from './policies.ts';
import type { Scene } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow({ influxctl: {} });
});

afterAll(async () => {
  await stage.stop();
});

test.concurrent.each(TOKEN_KINDS)(
  '%s: a Secret that belongs to someone else is never touched, and nothing is minted for it',
  async (kind) => {
    const scene = await stage.scene('foreign', { kind });
    await scene.applyOther({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'taken', namespace: scene.namespace, labels: { app: 'theirs' } },
      stringData: { token: 'theirs' },
    });
    const before = await scene.secret('taken');
    await scene.apply('taken');

    const conflict = await scene.waitForReason('taken', 'SecretConflict');
    expect(conflict.message).toContain('Secret taken exists already and was not created for this object');
    expect(conflict.message).toContain('Delete that Secret');
    await scene.waitForCondition('taken', { type: 'Stalled', status: 'True' });
    await scene.waitForEvent('taken', 'SecretConflict');
    expect(await scene.secret('taken')).toEqual(before);
    expect(scene.requests('POST')).toBe(0);

    await scene.delete('taken');
    await scene.waitForEnd('taken');
    expect(await scene.secret('taken')).toEqual(before);
    await scene.apply('taken');
    await scene.waitForReason('taken', 'SecretConflict');
    await scene.deleteSecret('taken');
    // A Secret that is not ours is not watched: the next look finds that it is gone.
    await scene.annotate('taken', { 'example.com/look': 'again' });
    await scene.waitForReason('taken', 'Issued');
    expect(scene.requests('POST')).toBe(1);
  },
);

test.concurrent('an exhausted quota is found before anything is minted', async () => {
  const scene = await stage.scene('quota');
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace: scene.namespace } };
  await scene.applyOther({ ...quota, spec: { hard: { 'count/secrets': '0' } } });
  const namespace = `--namespace=${scene.namespace}`;
  await stage.kubectl('wait', 'quota/none', namespace, '--for=jsonpath={.status.hard}', '--timeout=30s');
  await scene.apply('large');

  const rejected = await scene.waitForReason('large', 'SecretRejected');
  expect(rejected.message).toContain('exceeded quota: none');
  await scene.waitForEvent('large', 'SecretRejected');
  expect(scene.requests('POST')).toBe(0);

  await stage.kubectl('delete', 'quota', 'none', namespace);
  await scene.waitForReason('large', 'Issued');
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('an admission policy that refuses the Secret is found before anything is minted', async () => {
  const scene = await stage.scene('policy');
  const allow = await forbid(scene, 'CREATE', 'secrets', 'no Secrets here, ask the platform team');
  await scene.apply('refused');

  const rejected = await scene.waitForReason('refused', 'SecretRejected');
  expect(rejected.message).toContain('no Secrets here, ask the platform team');
  await scene.waitForEvent('refused', 'SecretRejected');
  expect(scene.requests('POST')).toBe(0);

  await allow();
  await scene.waitForReason('refused', 'Issued');
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('in a namespace that is being deleted nothing is minted any more', async () => {
  const scene = await stage.scene('ending');
  await scene.apply('held');
  await scene.waitForReason('held', 'Issued');
  // The namespace controller can delete the Secret, but not the object that asks for it.
  const allow = await forbid(scene, 'DELETE', 'databasetokens', 'held for the test');
  await deleteAt(stage.kubernetes, paths.namespace(scene.namespace));

  await scene.waitForReason('held', 'NamespaceTerminating');
  expect(await scene.findSecret('held')).toBeUndefined();
  expect(scene.requests('POST')).toBe(1);

  await allow();
  const read = () => orUndefined(stage.kubernetes.request({ method: 'GET', path: paths.namespace(scene.namespace) }));
  await waitFor(async () => (await read()) === undefined, { what: 'the end of the namespace', timeout: 60_000 });
  expect(scene.liveTokens()).toEqual([]);
});

test.concurrent('who asks for too much is told which rule came closest and what it lacks', async () => {
  const scene = await stage.scene('access');
  await scene.apply('greedy', {
    permissions: [
      { action: 'read', resource: 'sensors' },
      { action: 'write', resource: 'billing' },
    ],
  });
  const denied = await scene.waitForReason('greedy', 'AccessDenied');
  expect(denied.message).toContain('Closest is "test", which does not allow write on billing');
  await scene.waitForEvent('greedy', 'AccessDenied');
  expect(scene.requests('POST')).toBe(0);

  const rule = { name: 'all', namespaces: { names: [scene.namespace] }, databases: ['*'], actions: ['read', 'write'] };
  await scene.changeCluster({ spec: { access: [rule] } });
  await scene.waitForReason('greedy', 'Issued');
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('more tokens than a rule allows wait for room, in the order of their creation', async () => {
  const scene = await stage.scene('room');
  const rule = { namespaces: { names: [scene.namespace] }, databases: ['*'], actions: ['read'], maxTokens: 1 };
  await scene.changeCluster({ spec: { access: [{ name: 'one', ...rule }] } });
  await scene.apply('first');
  await scene.waitForReason('first', 'Issued');
  await nextSecond(scene, 'first');
  await scene.apply('second');
  expect((await scene.waitForReason('second', 'AccessDenied')).message).toContain('allows 1 tokens a namespace');
  await scene.change('first', { spec: { deletionPolicy: 'Retain' } });
  await scene.waitForReason('first', 'Issued');
  await scene.delete('first');
  await scene.waitForEnd('first');
  expect((await scene.waitForReason('second', 'AccessDenied')).message).toContain('retained Secrets');
  await scene.deleteSecret('first');
  await scene.waitForReason('second', 'Issued');

  await nextSecond(scene, 'second');
  await scene.apply('third');
  await scene.waitForReason('third', 'AccessDenied');
  await scene.delete('second');
  await scene.waitForReason('third', 'Issued');
});

/** Creation times are whole seconds, and of one second the UID decides. */
async function nextSecond(scene: Scene, name: string): Promise<void> {
  const created = Date.parse((await scene.token(name)).metadata.creationTimestamp);
  await waitFor(() => Date.now() >= created + 1_000, { what: 'the next second' });
}

finale(() => stage);
