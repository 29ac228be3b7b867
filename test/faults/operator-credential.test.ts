import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Condition } from '../../src/resources/conditions.ts';
import { waitFor } from '../wait.ts';
import { finale } from '../operator/finale.ts';
import { deleteAt, eventsOf, paths, type DecodedSecret } from '../operator/objects.ts';
import { OPERATOR_NAMESPACE } from '../operator/operator-process.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';

jest.setTimeout(180_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow({ operatorFlags: ['--minimum-lifetime=1s', '--inventory-interval=2s'], influxctl: {} });
});

afterAll(async () => {
  await stage.stop();
});

/** Two scenes on one InfluxDBCluster: of its credential, which a ManagementToken of this name makes, and of a tenant. */
async function play(name: string, spec: object = {}): Promise<{ own: Scene; tenant: Scene }> {
  const own = await stage.scene(name, { kind: 'ManagementToken', namespace: OPERATOR_NAMESPACE, clusterName: name });
  const tenant = await stage.scene(`${name}-tenant`, { clusterName: name, without: ['cluster', 'credential'] });
  await own.createCluster({
    access: [
      {
        name: 'operator',
        namespaces: { names: [OPERATOR_NAMESPACE] },
        managementTokens: 'Allow',
      },
      { name: 'tenant', namespaces: { names: [tenant.namespace] }, databases: ['sensors'], actions: ['read'] },
    ],
  });
  // As the guide says: made with the credential that was put there by hand, and then used in its place.
  await own.apply(name, { deletionPolicy: 'Retain', secret: { name: secretOf(name) }, ...spec });
  await own.waitForReason(name, 'Issued');
  await own.changeCluster({ spec: { credentials: { secretRef: { name: secretOf(name) } } } });
  await own.waitForCluster('Connected');
  // What is under way with the former credential has ended: a test may withdraw that now.
  const lists = own.lists();
  await waitFor(() => own.lists() > lists + 1, { what: 'two lists with the new credential' });
  return { own, tenant };
}

function secretOf(name: string): string {
  return `${name}-rotated`;
}

/** Changes a token of the tenant again and again, until `end`: so the Management API is in use at every moment. */
async function keepBusy(tenant: Scene, end: AbortSignal): Promise<void> {
  await tenant.apply('busy');
  for (let round = 1; !end.aborted; round += 1) {
    await tenant.change('busy', { spec: { description: `Round ${round}` } });
    await sleep(50);
  }
}

/** Requests that were refused for want of a credential. */
function refusals({ simulator }: Scene): string[] {
  return simulator.requests.filter(({ status }) => status === 401).map(({ method, path }) => `${method} ${path}`);
}

async function becomes(own: Scene, before: DecodedSecret): Promise<DecodedSecret> {
  return waitFor(
    async () => {
      const now = await own.secret(secretOf(own.cluster));
      return now.data['token'] !== before.data['token'] && now;
    },
    { what: 'another credential', timeout: 60_000 },
  );
}

async function ready(scene: Scene): Promise<Condition | undefined> {
  return (await scene.clusterObject()).status?.conditions?.find(({ type }) => type === 'Ready');
}

test('the operator renews its own credential, uses the new one at once, and is never refused', async () => {
  const { own, tenant } = await play('renewed', {
    lifetime: '30s',
    rotation: { renewBefore: '18s', overlap: '5s' },
  });
  // From here on there is no way back to what was put there by hand.
  own.simulator.adminToken = 'withdrawn';
  const since = await ready(own);
  const end = new AbortController();
  const busy = keepBusy(tenant, end.signal);

  let credential = await own.secret(secretOf('renewed'));
  for (let renewal = 1; renewal <= 2; renewal += 1) {
    const former = credential;
    credential = await becomes(own, former);
    // The former lives on through its overlap, and is then revoked with the new one.
    expect(await own.accepts(former.data['token'])).toBe(true);
    expect(await own.accepts(credential.data['token'])).toBe(true);
    await waitFor(async () => !(await own.accepts(former.data['token'])), { what: 'the end of the former credential' });
  }
  end.abort();
  await busy;
  const asked = own.simulator.requests.length;
  await tenant.apply('afterwards');
  await tenant.waitForReason('afterwards', 'Issued');
  await tenant.waitForReason('busy', 'Issued');

  // The questions of this test itself, whether a former credential is still taken, ask for nothing that the operator does.
  expect(refusals(own).filter((request) => !request.endsWith('/-/nothing'))).toEqual([]);
  expect(asked).toBeGreaterThan(100);
  expect(await ready(own)).toEqual(since);
  expect(
    own.simulator.tokens().filter(({ management, revokedAt }) => management && revokedAt === undefined).length,
  ).toBeLessThanOrEqual(2);
});

test('after a leak of its credential the operator revokes it with the next one, and goes on', async () => {
  const { own, tenant } = await play('leaked');
  own.simulator.adminToken = 'withdrawn';
  const former = await own.secret(secretOf('leaked'));
  await own.annotate('leaked', { 'influxtokens.dev/rotate-immediately': 'leaked' });
  const next = await becomes(own, former);
  await waitFor(async () => !(await own.accepts(former.data['token'])), { what: 'the end of the leaked credential' });
  expect(await own.accepts(next.data['token'])).toBe(true);
  await tenant.apply('afterwards');
  await tenant.waitForReason('afterwards', 'Issued');
  await own.waitForCluster('Connected');
});

test('an operator that starts anew has nothing but the rotated credential, and renews that', async () => {
  const { own, tenant } = await play('restarted');
  own.simulator.adminToken = 'withdrawn';
  await stage.operator.kill();
  await stage.startOperator();
  const former = await own.secret(secretOf('restarted'));
  await own.annotate('restarted', { 'influxtokens.dev/rotate': 'monday' });
  await becomes(own, former);
  await tenant.apply('afterwards');
  await tenant.waitForReason('afterwards', 'Issued');
  expect(refusals(own)).toEqual([]);
});

test('when all goes at once, the retained credential revokes every token before it, and is left', async () => {
  const { own, tenant } = await play('pruned');
  own.simulator.adminToken = 'withdrawn';
  const names = ['one', 'two', 'three'];
  await Promise.all(names.map((name) => tenant.apply(name)));
  await Promise.all(names.map((name) => tenant.waitForReason(name, 'Issued')));
  await Promise.all([
    deleteAt(stage.kubernetes, paths.cluster('pruned')),
    own.delete('pruned'),
    ...names.map((name) => tenant.delete(name)),
  ]);
  await Promise.all([own.waitForEnd('pruned'), ...names.map((name) => tenant.waitForEnd(name))]);
  await own.waitForEndOfCluster();
  const { data } = await own.secret(secretOf('pruned'));
  expect(own.liveTokens().map(({ string }) => string)).toEqual([data['token']]);
  expect(await own.accepts(data['token'])).toBe(true);
});

test('the end of a credential that the list of management tokens shows is warned of', async () => {
  const one = await stage.scene('ending', { kind: 'ManagementToken', without: ['credential'] });
  const tomorrow = Math.floor(Date.now() / 1_000) * 1_000 + 86_400_000;
  const { string = '' } = one.simulator.createToken({ description: 'By hand', management: true, expiresAt: tomorrow });
  await one.createCredential({ token: string });
  const warned = await waitFor(
    async () => {
      const condition = await ready(one);
      return condition?.message.includes('The credential itself ends') ? condition : undefined;
    },
    { what: 'the warning' },
  );
  expect(warned).toMatchObject({ status: 'True', reason: 'Connected' });
  const instant = new Date(tomorrow).toISOString().replace('.000', '');
  expect(warned.message).toContain(
    `ends at ${instant}: put another one into Secret ${one.cluster} under the key token`,
  );
  const told = async (): Promise<boolean> =>
    (await eventsOf(stage.kubernetes, 'default')).some(
      ({ regarding, reason }) => regarding.name === one.cluster && reason === 'CredentialEnds',
    );
  await waitFor(told, { what: 'the Event' });
  const metric = `influxtokens_credential_expiry_timestamp_seconds{cluster="${one.cluster}"}`;
  expect(await stage.operator.metric(metric)).toBe(tomorrow / 1_000);

  const { string: another = '' } = one.simulator.createToken({ description: 'By hand', management: true });
  await one.createCredential({ token: another });
  const quiet = async (): Promise<boolean> =>
    (await ready(one))?.message === 'The Management API answers and takes the credential.';
  await waitFor(quiet, { what: 'the warning to go' });
  expect(await stage.operator.metric(metric)).toBe(0);
});

finale(() => stage);
