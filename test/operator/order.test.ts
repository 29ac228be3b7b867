import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { mergeInto, paths } from './objects.ts';
import { Stage } from './stage.ts';

jest.setTimeout(90_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow();
});

afterAll(async () => {
  await stage.stop();
});

test.concurrent('a token may come before its InfluxDBCluster, and that before its credential', async () => {
  const scene = await stage.scene('first', { without: ['cluster', 'credential'] });
  await scene.apply('early');
  const missing = await scene.waitForReason('early', 'ClusterNotFound');
  expect(missing).toMatchObject({
    status: 'False',
    message: expect.stringContaining(`"${scene.cluster}". Create the InfluxDBCluster`),
  });
  await scene.waitForCondition('early', { type: 'Stalled', status: 'True' });

  await scene.createCluster();
  await scene.waitForCluster('CredentialsMissing');
  const waiting = await scene.waitForReason('early', 'CredentialsMissing');
  expect(waiting.message).toBe((await scene.waitForCluster('CredentialsMissing')).message);
  await scene.waitForCondition('early', { type: 'Reconciling', status: 'True' });
  expect(scene.simulator.requests).toEqual([]);

  await scene.createCredential();
  await scene.waitForReason('early', 'Issued');
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('a namespace that gets the label which a rule selects is let in at once', async () => {
  const scene = await stage.scene('label', {
    cluster: {
      access: [
        { name: 'a', namespaces: { selector: { matchLabels: { team: 'a' } } }, databases: ['*'], actions: ['read'] },
      ],
    },
  });
  await scene.apply('early');
  const denied = await scene.waitForReason('early', 'AccessDenied');
  expect(denied.message).toContain(`No access rule applies to namespace ${scene.namespace}`);

  await mergeInto(stage.kubernetes, paths.namespace(scene.namespace), { metadata: { labels: { team: 'a' } } });
  await scene.waitForReason('early', 'Issued');
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('changed permissions and description are patched in place, and the Secret is not touched', async () => {
  const scene = await stage.scene('patch');
  await scene.apply('changing', { description: 'Before' });
  await scene.waitForReason('changing', 'Issued');
  const before = await scene.secret('changing');

  await scene.apply('changing', {
    description: 'After',
    permissions: [
      { action: 'write', resource: 'team-a' },
      { action: 'read', resource: 'sensors' },
    ],
  });
  await scene.waitForReason('changing', 'Issued');
  const [token, ...others] = scene.simulator.tokens();
  expect(others).toEqual([]);
  expect(token?.description).toMatch(/^After \[influxtokens /);
  expect(token?.permissions).toEqual([
    { action: 'read', resource: 'sensors' },
    { action: 'write', resource: 'team-a' },
  ]);
  expect(scene.requests('PATCH')).toBe(1);
  expect((await scene.secret('changing')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});

test.concurrent('changed keys, labels and annotations are rewritten around the same token', async () => {
  const scene = await stage.scene('keys');
  await scene.apply('changing', {
    secret: { keys: { token: 'OLD' }, labels: { old: 'label', kept: 'one' }, annotations: { 'example.com/old': 'x' } },
  });
  await scene.waitForReason('changing', 'Issued');
  const before = await scene.secret('changing');
  await scene.changeSecret('changing', { metadata: { labels: { foreign: 'label' } } });

  await scene.apply('changing', {
    secret: { keys: { token: 'NEW', url: 'URL' }, labels: { kept: 'two' }, annotations: { 'example.com/new': 'y' } },
  });
  await scene.waitForReason('changing', 'Issued');
  const after = await scene.secret('changing');
  expect(after.data).toEqual({ NEW: before.data['OLD'], URL: scene.simulator.dataURL });
  expect(after.metadata.labels).toEqual({ 'influxtokens.dev/managed': 'true', kept: 'two', foreign: 'label' });
  expect(after.metadata.annotations).toMatchObject({ 'example.com/new': 'y' });
  expect(after.metadata.annotations).not.toHaveProperty('example.com/old');
  expect(scene.requests('POST')).toBe(1);
  expect(scene.requests('PATCH')).toBe(0);
});

test.concurrent('a changed end is a new token, and the old one lives on for its overlap', async () => {
  const scene = await stage.scene('end');
  await scene.apply('changing', { expiresAt: '2035-01-01T00:00:00Z' });
  await scene.waitForReason('changing', 'Issued');
  const before = await scene.secret('changing');

  await scene.apply('changing', { expiresAt: '2036-01-01T00:00:00Z', rotation: { overlap: '1h' } });
  await scene.waitForReason('changing', 'Issued');
  const after = await scene.secret('changing');
  const { status } = await scene.token('changing');
  expect(status?.token?.expiresAt).toBe('2036-01-01T00:00:00Z');
  expect(status?.superseded).toEqual([{ id: expect.any(String), revokeAfter: expect.any(String) }]);
  expect(await scene.accepts(before.data['token'])).toBe(true);
  expect(await scene.accepts(after.data['token'])).toBe(true);
});

test.concurrent('access that is withdrawn leaves the token alone, and with Revoke ends it', async () => {
  const scene = await stage.scene('withdraw');
  await scene.apply('kept');
  await scene.waitForReason('kept', 'Issued');
  const secret = await scene.secret('kept');

  await scene.changeCluster({ spec: { access: [] } });
  await scene.waitForReason('kept', 'AccessDenied');
  expect(await scene.accepts(secret.data['token'])).toBe(true);

  await scene.changeCluster({ spec: { accessWithdrawal: 'Revoke' } });
  await waitFor(async () => !(await scene.accepts(secret.data['token'])), { what: 'the token to be revoked' });
  expect(await scene.findSecret('kept')).toBeUndefined();
});

test.concurrent('while suspended nothing is minted, changed or revoked, and all of it follows', async () => {
  const scene = await stage.scene('suspend', { cluster: { suspend: true } });
  await scene.apply('waiting');
  await scene.waitForCluster('Suspended');
  await scene.waitForReason('waiting', 'Suspended');
  expect(scene.simulator.requests).toEqual([]);

  await scene.changeCluster({ spec: { suspend: false } });
  await scene.waitForReason('waiting', 'Issued');
  await scene.change('waiting', { spec: { suspend: true, description: 'Not yet' } });
  const suspended = await scene.waitForReason('waiting', 'Suspended');
  expect(suspended.status).toBe('True');
  await scene.delete('waiting');
  await scene.waitForMessage('waiting', 'The deletion waits until spec.suspend is false, here and at the cluster.');
  expect(scene.liveTokens()).toHaveLength(1);

  await scene.change('waiting', { spec: { suspend: false } });
  await scene.waitForEnd('waiting');
  expect(scene.liveTokens()).toEqual([]);
  expect(scene.requests('PATCH')).toBe(0);
});

finale(() => stage);
