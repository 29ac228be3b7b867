import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { FINALIZER } from '../../src/resources/group.ts';
import { LEDGER } from '../../src/tokens/ledger.ts';
import { managementToken, named } from '../resources/manifests.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { Stage } from './stage.ts';

jest.setTimeout(90_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
});

afterAll(async () => {
  await stage.stop();
});

test.concurrent('a DatabaseToken becomes a Secret with the keys that were asked for', async () => {
  const scene = await stage.scene('issue');
  await scene.apply('telegraf', {
    description: 'Telegraf in metrics',
    permissions: [
      { action: 'write', resource: 'sensors' },
      { action: 'read', resource: 'sensors' },
    ],
    expiresAt: '2035-01-01T00:00:00Z',
    secret: {
      name: 'telegraf-influxdb',
      keys: { token: 'TOKEN', url: 'URL', database: 'DATABASE', tokenID: 'ID', expiresAt: 'EXPIRES' },
      labels: { team: 'a' },
      annotations: { 'example.com/contact': 'metrics' },
    },
  });
  await scene.waitForReason('telegraf', 'Issued');

  const [issued, ...others] = scene.simulator.tokens();
  expect(others).toEqual([]);
  const { metadata, status } = await scene.token('telegraf');
  const secret = await scene.secret('telegraf-influxdb');
  expect(secret.type).toBe('Opaque');
  expect(secret.data).toEqual({
    TOKEN: issued?.string,
    URL: scene.simulator.dataURL,
    DATABASE: 'sensors',
    ID: issued?.id,
    EXPIRES: '2035-01-01T00:00:00Z',
  });
  expect(secret.metadata.labels).toEqual({ 'influxtokens.dev/managed': 'true', team: 'a' });
  expect(secret.metadata.ownerReferences).toEqual([
    expect.objectContaining({ kind: 'DatabaseToken', name: 'telegraf', uid: metadata.uid, controller: true }),
  ]);
  expect(secret.metadata.annotations).toMatchObject({
    'example.com/contact': 'metrics',
    [LEDGER.object]: `DatabaseToken/${scene.namespace}/telegraf/${metadata.uid}`,
    [LEDGER.clusterUID]: (await scene.clusterObject()).metadata.uid,
    [LEDGER.tokenID]: issued?.id,
    [LEDGER.expiresAt]: '2035-01-01T00:00:00Z',
    [LEDGER.fence]: '1',
    [LEDGER.digest]: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
  });
  expect(metadata.finalizers).toEqual([FINALIZER]);
  expect(status?.token).toMatchObject({ id: issued?.id, expiresAt: '2035-01-01T00:00:00Z' });
  expect(issued?.description).toMatch(
    new RegExp(`^Telegraf in metrics \\[influxtokens [0-9a-f]{16}/${metadata.uid}/[0-9a-f]{16}\\]$`),
  );
  expect(issued?.permissions).toHaveLength(2);
  expect(await scene.accepts(secret.data['TOKEN'])).toBe(true);
});

test.concurrent('a token costs four writes to Kubernetes and one POST to InfluxDB', async () => {
  const scene = await stage.scene('cost');
  await scene.waitForCluster('Connected');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');

  expect(await scene.writes()).toEqual([
    'patch databasetokens',
    'create secrets (dry run)',
    'create secrets',
    'patch databasetokens/status',
  ]);
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('a token that is slow to activate costs one write more, and is not Ready before it works', async () => {
  const scene = await stage.scene('slow', { simulator: { activationDelay: 1_500 } });
  await scene.waitForCluster('Connected');
  await scene.apply('slow');
  const activating = await scene.waitForReason('slow', 'Activating');
  expect(activating).toMatchObject({ status: 'False', message: expect.stringContaining('waiting until InfluxDB') });
  expect(await scene.accepts((await scene.secret('slow')).data['token'])).toBe(false);

  await scene.waitForReason('slow', 'Issued');
  expect(await scene.accepts((await scene.secret('slow')).data['token'])).toBe(true);
  expect(await scene.writes()).toEqual([
    'patch databasetokens',
    'create secrets (dry run)',
    'create secrets',
    'patch databasetokens/status',
    'patch databasetokens/status',
  ]);
});

test.concurrent('kubectl waits for a token, and shows what people ask about first', async () => {
  const scene = await stage.scene('kubectl');
  await scene.apply('shown', { lifetime: '24h' });
  const namespace = `--namespace=${scene.namespace}`;
  await stage.kubectl('wait', 'databasetoken/shown', namespace, '--for=condition=Ready', '--timeout=30s');

  const { status } = await scene.token('shown');
  const table = async (...args: string[]): Promise<string[][]> =>
    (await stage.kubectl('get', 'idbt', namespace, ...args))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
  expect(await table()).toEqual([
    ['NAME', 'READY', 'STATUS', 'SECRET', 'EXPIRES', 'AGE'],
    ['shown', 'True', 'Issued', 'shown', status?.token?.expiresAt, expect.stringMatching(/^\d+s$/)],
  ]);
  const [heading, row] = await table('-o', 'wide');
  expect(heading?.slice(5)).toEqual(['AGE', 'CLUSTER', 'TOKEN-ID', 'ROTATES']);
  expect(row?.slice(6)).toEqual([scene.cluster, status?.token?.id, status?.nextRotation]);
});

test.concurrent('the InfluxDBCluster called "default" serves who names none, and counts its tokens', async () => {
  const scene = await stage.scene('default', { clusterName: 'default' });
  await scene.apply('simple', { clusterRef: undefined });
  await scene.waitForReason('simple', 'Issued');
  await waitFor(async () => (await scene.clusterObject()).status?.tokens === 1, { what: 'the count of tokens' });
});

test.concurrent('a token on Cloud Dedicated is issued at one host and used at another', async () => {
  const product = { kind: 'CloudDedicated', accountId: 'account-1', clusterId: 'cluster-1' } as const;
  const scene = await stage.scene('cloud', {
    simulator: { product },
    cluster: { product: 'CloudDedicated', accountID: product.accountId, clusterID: product.clusterId },
  });
  await scene.apply('cloud', { secret: { keys: { token: 'TOKEN', url: 'URL' } } });
  await scene.waitForReason('cloud', 'Issued');
  const { data } = await scene.secret('cloud');
  expect(data['URL']).toBe(scene.simulator.dataURL);
  expect(data['URL']).not.toBe(scene.simulator.url);
  expect(await scene.accepts(data['TOKEN'])).toBe(true);
});

test.concurrent('a token for every database is issued without a probe, as there is none to try it on', async () => {
  const everyNamespace = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists' }] };
  const rule = { name: 'all', namespaces: { selector: everyNamespace }, databases: ['*'], actions: ['read'] };
  const scene = await stage.scene('every', {
    simulator: { activationDelay: 3_600_000 },
    cluster: { access: [rule] },
  });
  await scene.apply('every', { permissions: [{ action: 'read', resource: '*' }] });
  await scene.waitForReason('every', 'Issued');
  expect(scene.simulator.requests.filter(({ path }) => path.startsWith('/query'))).toEqual([]);
});

test.concurrent(
  'a ManagementToken says that the command it needs is missing, and goes when it is deleted',
  async () => {
    const scene = await stage.scene('root');
    const rule = { name: 'root', namespaces: { names: [scene.namespace] }, managementTokens: 'Allow' };
    await scene.changeCluster({ spec: { access: [rule] } });
    await scene.applyOther(named(managementToken({ clusterRef: { name: scene.cluster } }), 'root', scene.namespace));
    const object = ['managementtoken/root', `--namespace=${scene.namespace}`];
    const reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}';
    await stage.kubectl('wait', ...object, `--for=${reason}=InfluxctlMissing`, '--timeout=30s');
    await stage.kubectl('delete', ...object, '--timeout=30s');
    expect(scene.requests('POST')).toBe(0);
  },
);

// Not at the same time as others: what the operator does is seen by what it counts.
test('a reconcile that finds nothing to do writes nothing and asks InfluxDB nothing', async () => {
  const scene = await stage.scene('idle');
  await scene.apply('idle');
  await scene.waitForReason('idle', 'Issued');
  const writes = await scene.writes();
  const asked = scene.simulator.requests.length;
  const reconciles = (): Promise<number> =>
    stage.operator.metric('influxtokens_reconcile_total{kind="DatabaseToken",result="success"}');
  const before = await reconciles();

  await scene.annotate('idle', { 'example.com/anything': 'else' });
  await waitFor(async () => (await reconciles()) > before, { what: 'a reconcile' });
  expect(await scene.writes()).toEqual(writes);
  expect(scene.simulator.requests).toHaveLength(asked);
});

test('a restart with everything in place lists the tokens once and writes nothing', async () => {
  const scene = await stage.scene('restart');
  await scene.apply('one');
  await scene.apply('two', { lifetime: '24h' });
  await Promise.all(['one', 'two'].map((name) => scene.waitForReason(name, 'Issued')));
  await stage.operator.stop();
  const writes = await scene.writes();
  const asked = scene.simulator.requests.length;

  await stage.startOperator();
  await stage.operator.idle();
  expect(scene.simulator.requests.slice(asked).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /api/v0/tokens',
  ]);
  expect(await scene.writes()).toEqual(writes);
});

finale(() => stage);
