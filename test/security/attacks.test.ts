import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { finale } from '../operator/finale.ts';
import { mergeInto, paths } from '../operator/objects.ts';
import { OPERATOR_NAMESPACE } from '../operator/operator-process.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow();
});

afterAll(async () => {
  await stage.stop();
});

/** Two scenes: of a victim with a token, and of a tenant who means ill; both on the InfluxDBCluster of the victim. */
async function victimAndTenant(): Promise<{ victim: Scene; tenant: Scene }> {
  const victim = await stage.scene('victim');
  const tenant = await stage.scene('tenant', { clusterName: victim.cluster, without: ['cluster', 'credential'] });
  const rule = { databases: ['sensors'], actions: ['read'] };
  const access = [
    { ...rule, name: 'victim', namespaces: { names: [victim.namespace] } },
    { ...rule, name: 'tenant', namespaces: { names: [tenant.namespace] } },
  ];
  await victim.createCluster({ access });
  await victim.apply('precious');
  await victim.waitForReason('precious', 'Issued');
  return { victim, tenant };
}

test.concurrent('a ledger that names the token of another does not get it changed, revoked or read', async () => {
  const { victim, tenant } = await victimAndTenant();
  const precious = await victim.secret('precious');
  await tenant.apply('forged');
  await tenant.waitForReason('forged', 'Issued');

  const theirs = precious.metadata.annotations ?? {};
  const { metadata } = await tenant.secret('forged');
  await tenant.changeSecret('forged', {
    metadata: {
      annotations: { ...theirs, 'influxtokens.dev/object': metadata.annotations?.['influxtokens.dev/object'] },
    },
    data: { token: Buffer.from('made up').toString('base64') },
  });
  await tenant.change('forged', { spec: { description: 'To have the token changed' } });
  await waitFor(async () => (await tenant.secret('forged')).data['token'] !== 'made up', { what: 'the forgery to go' });
  await tenant.delete('forged');
  await tenant.waitForEnd('forged');

  expect(await victim.secret('precious')).toEqual(precious);
  expect(await victim.accepts(precious.data['token'])).toBe(true);
  const [token] = victim.simulator.tokens();
  expect(token?.description).toMatch(/\/precious \[influxtokens /);
});

test.concurrent('a status that names the token of another does not get it revoked with the object', async () => {
  const { victim, tenant } = await victimAndTenant();
  const precious = await victim.secret('precious');
  await tenant.apply('forged');
  await tenant.waitForReason('forged', 'Issued');
  const { status } = await victim.token('precious');
  const superseded = [{ id: status?.token?.id, revokeAfter: '2020-01-01T00:00:00Z' }];
  await mergeInto(stage.kubernetes, `${paths.token(tenant.namespace, 'forged')}/status`, {
    status: { token: status?.token, superseded },
  });
  await tenant.delete('forged');
  await tenant.waitForEnd('forged');
  expect(await victim.accepts(precious.data['token'])).toBe(true);
});

test.concurrent('a token object that says another owns it, or is its owner, changes nothing for that one', async () => {
  const { victim, tenant } = await victimAndTenant();
  const precious = await victim.secret('precious');
  const { metadata, apiVersion, kind } = await victim.token('precious');
  const owner = { apiVersion, kind, name: 'precious', uid: metadata.uid };
  await tenant.apply('forged');
  await tenant.waitForReason('forged', 'Issued');
  await tenant.changeSecret('forged', { metadata: { ownerReferences: [owner] } });
  await tenant.delete('forged');
  await tenant.waitForEnd('forged');
  expect(await victim.secret('precious')).toEqual(precious);
  expect(await victim.accepts(precious.data['token'])).toBe(true);
  expect(victim.liveTokens()).toHaveLength(1);
});

test.concurrent('a Secret of another type is not ours, whatever its labels and annotations say', async () => {
  const scene = await stage.scene('typed');
  await scene.apply('typed');
  await scene.waitForReason('typed', 'Issued');
  const { metadata } = await scene.secret('typed');
  await scene.change('typed', { spec: { suspend: true } });
  await scene.waitForReason('typed', 'Suspended');
  await scene.deleteSecret('typed');
  await scene.applyOther({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: {
      name: 'typed',
      namespace: scene.namespace,
      labels: metadata.labels,
      annotations: { ...metadata.annotations, 'kubernetes.io/service-account.name': 'default' },
      ownerReferences: metadata.ownerReferences,
    },
    stringData: { extra: 'theirs' },
  });
  await scene.change('typed', { spec: { suspend: false } });
  const conflict = await scene.waitForReason('typed', 'SecretConflict');
  expect(conflict.message).toContain('type kubernetes.io/service-account-token');
  expect((await scene.secret('typed')).data['extra']).toBe('theirs');
  const written = await scene.writes();
  await scene.delete('typed');
  await scene.waitForEnd('typed');
  expect(written.filter((write) => write === 'patch secrets')).toEqual([]);
});

test.concurrent("the operator's own credential cannot be had as the Secret of a token", async () => {
  const scene = await stage.scene('own');
  const rule = { name: 'own', namespaces: { names: [OPERATOR_NAMESPACE] }, databases: ['*'], actions: ['read'] };
  await scene.changeCluster({ spec: { access: [rule] } });
  const credential = paths.secret(OPERATOR_NAMESPACE, scene.cluster);
  const before = await stage.kubernetes.request({ method: 'GET', path: credential });
  const thief = `thief-${scene.cluster}`;
  await scene.applyOther({
    apiVersion: 'influxtokens.dev/v1alpha1',
    kind: 'DatabaseToken',
    metadata: { name: thief, namespace: OPERATOR_NAMESPACE },
    spec: {
      clusterRef: { name: scene.cluster },
      permissions: [{ action: 'read', resource: 'sensors' }],
      secret: { name: scene.cluster },
    },
  });
  const namespace = `--namespace=${OPERATOR_NAMESPACE}`;
  const reason = '--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=SecretConflict';
  await stage.kubectl('wait', `idbt/${thief}`, namespace, reason, '--timeout=60s');
  await stage.kubectl('delete', `idbt/${thief}`, namespace);
  expect(await stage.kubernetes.request({ method: 'GET', path: credential })).toEqual(before);
  expect(scene.requests('POST')).toBe(0);
});

test.concurrent('who deletes and creates again and again is made to wait, and nobody else is', async () => {
  const scene = await stage.scene('again');
  const rule = { databases: ['sensors'], actions: ['read'], maxTokens: 1 };
  const other = await stage.scene('patient', { clusterName: scene.cluster, without: ['cluster', 'credential'] });
  await scene.changeCluster({
    spec: {
      access: [
        { ...rule, name: 'again', namespaces: { names: [scene.namespace] } },
        { ...rule, name: 'patient', namespaces: { names: [other.namespace] } },
      ],
    },
  });
  for (let n = 0; n < 5; n += 1) {
    await scene.apply('again');
    await scene.waitForReason('again', 'Issued');
    await scene.delete('again');
    await scene.waitForEnd('again');
    await waitFor(async () => (await scene.findSecret('again')) === undefined, { what: 'its Secret to go' });
  }
  await scene.apply('again');
  const limited = await scene.waitForReason('again', 'RateLimited');
  expect(limited.message).toMatch(/five times as many first tokens .*the next try is at 20/);
  expect(scene.requests('POST')).toBe(5);
  await other.apply('patient');
  await other.waitForReason('patient', 'Issued');
  await scene.delete('again');
  await scene.waitForEnd('again');
});

test.concurrent('texts that nobody checks are long and strange at the expense of who wrote them', async () => {
  const scene = await stage.scene('strange');
  const hostile = `\u001b[2J\r\n{"level":"fatal"}\u009b31m\u202e${'x'.repeat(200_000)}`;
  await scene.apply('strange');
  await scene.waitForReason('strange', 'Issued');
  const before = await scene.secret('strange');
  await scene.annotate('strange', { 'influxtokens.dev/rotate': hostile });
  await scene.waitForAnotherToken('strange', before);
  await scene.changeSecret('strange', {
    metadata: { annotations: { 'influxtokens.dev/object': `A/b/${hostile.slice(0, 9_999)}` } },
  });
  const { message } = await scene.waitForReason('strange', 'SecretConflict');
  expect(message).toContain('Secret strange belongs to A/b/');
  const note = await scene.waitForEvent('strange', 'SecretConflict');
  const lines = (await stage.operatorLog()).split('\n').filter((line) => line.includes(scene.namespace));
  for (const text of [message, note, ...lines]) {
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text.length).toBeLessThan(4_096);
  }
  await scene.delete('strange');
  await scene.waitForEnd('strange');
});

finale(() => stage);
