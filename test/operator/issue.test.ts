import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { FINALIZER, PLURALS, TOKEN_KINDS } from '../../src/resources/group.ts';
import { LEDGER } from '../../src/tokens/ledger.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import type { Scene } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(300_000);

/** What a token of a kind may be asked for, and what its Secret then holds besides the string, the URL and what the server says. */
const WHOLE = [
  {
    kind: 'DatabaseToken',
    permissions: [
      { action: 'write', resource: 'sensors' },
      { action: 'read', resource: 'sensors' },
    ],
    keys: { database: 'DATABASE' },
    data: { DATABASE: 'sensors' },
  },
  { kind: 'ManagementToken', permissions: undefined, keys: {}, data: {} },
] as const;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow({ influxctl: {} });
});

afterAll(async () => {
  await stage.stop();
});

test.concurrent.each(WHOLE)('a $kind becomes a Secret with the keys that were asked for', async (row) => {
  const { kind, permissions } = row;
  const scene = await stage.scene('issue', { kind });
  await scene.apply('telegraf', {
    description: 'Telegraf in metrics',
    permissions,
    expiresAt: '2035-01-01T00:00:00Z',
    secret: {
      name: 'telegraf-influxdb',
      keys: { token: 'TOKEN', url: 'URL', tokenID: 'ID', expiresAt: 'EXPIRES', ...row.keys },
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
    ID: issued?.id,
    EXPIRES: '2035-01-01T00:00:00Z',
    ...row.data,
  });
  expect(secret.metadata.labels).toEqual({ 'influxtokens.dev/managed': 'true', team: 'a' });
  expect(secret.metadata.ownerReferences).toEqual([
    expect.objectContaining({ kind, name: 'telegraf', uid: metadata.uid, controller: true }),
  ]);
  expect(secret.metadata.annotations).toMatchObject({
    'example.com/contact': 'metrics',
    [LEDGER.object]: `${kind}/${scene.namespace}/telegraf/${metadata.uid}`,
    [LEDGER.clusterUID]: (await scene.clusterObject()).metadata.uid,
    [LEDGER.tokenID]: issued?.id,
    [LEDGER.expiresAt]: '2035-01-01T00:00:00Z',
    [LEDGER.fence]: '1',
    [LEDGER.digest]: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    [LEDGER.layout]: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(metadata.finalizers).toEqual([FINALIZER]);
  expect(status?.token).toMatchObject({ id: issued?.id, expiresAt: '2035-01-01T00:00:00Z' });
  expect(issued?.description).toMatch(
    new RegExp(`^Telegraf in metrics \\[influxtokens [0-9a-f]{16}/${metadata.uid}/[0-9a-f]{16}\\]$`),
  );
  expect(issued?.permissions).toHaveLength(permissions?.length ?? 0);
  expect(await scene.accepts(secret.data['TOKEN'])).toBe(true);
});

/** The finalizer and the dry run go out together, so that either may be answered first. */
function firstTwoSorted(writes: readonly string[]): string[] {
  return [...writes.slice(0, 2).toSorted(), ...writes.slice(2)];
}

test.concurrent.each(TOKEN_KINDS)('a %s costs four writes to Kubernetes and one POST to InfluxDB', async (kind) => {
  const scene = await stage.scene('cost', { kind });
  await scene.waitForCluster('Connected');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');

  expect(firstTwoSorted(await scene.writes())).toEqual([
    'create secrets (dry run)',
    `patch ${PLURALS[kind]}`,
    'create secrets',
    `patch ${PLURALS[kind]}/status`,
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
  expect(firstTwoSorted(await scene.writes())).toEqual([
    'create secrets (dry run)',
    'patch databasetokens',
    'create secrets',
    'patch databasetokens/status',
    'patch databasetokens/status',
  ]);
});

test.concurrent.each(TOKEN_KINDS)('kubectl waits for a %s, and shows what people ask about first', async (kind) => {
  const scene = await stage.scene('kubectl', { kind });
  await scene.apply('shown', { lifetime: '24h' });
  const namespace = `--namespace=${scene.namespace}`;
  const timeout = `--timeout=${scene.patience / 1_000}s`;
  await stage.kubectl('wait', `${kind.toLowerCase()}/shown`, namespace, '--for=condition=Ready', timeout);

  const { status } = await scene.token('shown');
  const table = async (...args: string[]): Promise<string[][]> =>
    (await stage.kubectl('get', PLURALS[kind], namespace, ...args))
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

// Not at the same time as others: what the operator does is seen by what it counts.
test.each(TOKEN_KINDS)(
  '%s: a reconcile that finds nothing to do writes nothing and asks InfluxDB nothing',
  async (kind) => {
    const scene = await stage.scene('idle', { kind });
    await scene.apply('idle');
    await scene.waitForReason('idle', 'Issued');
    const writes = await scene.writes();
    const asked = scene.asked().length;
    const reconciles = (): Promise<number> =>
      stage.operator.metric(`influxtokens_reconcile_total{kind="${kind}",result="success"}`);
    const before = await reconciles();

    await scene.annotate('idle', { 'example.com/anything': 'else' });
    await waitFor(async () => (await reconciles()) > before, { what: 'a reconcile' });
    expect(await scene.writes()).toEqual(writes);
    expect(scene.asked()).toHaveLength(asked);
  },
);

test.each(TOKEN_KINDS)(
  '%s: a restart with everything in place lists the tokens once, reads no Secret and writes nothing',
  async (kind) => {
    const scene = await stage.scene('restart', { kind });
    await scene.apply('one');
    await scene.apply('two', { lifetime: '24h' });
    await Promise.all(['one', 'two'].map((name) => scene.waitForReason(name, 'Issued')));
    await stage.operator.stop();
    const writes = await scene.writes();
    const asked = scene.asked().length;
    const read = await reads(scene);

    await stage.startOperator();
    await stage.operator.idle();
    const [list, ...others] = await waitFor(() => scene.asked().length > asked && scene.asked().slice(asked), {
      what: 'the list of all tokens',
      timeout: scene.patience,
    });
    expect(list).toMatch(/^GET .*\/tokens$/);
    expect(others).toEqual([]);
    await stage.operator.idle();
    expect(await scene.writes()).toEqual(writes);
    expect(await reads(scene)).toEqual(read);
  },
);

/** Secrets of the scene's namespace that the operator has read one by one. */
async function reads({ namespace }: Scene): Promise<readonly string[]> {
  const events = await stage.audited(
    ({ verb, userAgent = '', objectRef }) =>
      verb === 'get' &&
      userAgent.startsWith('influxdb-token-operator/') &&
      objectRef?.resource === 'secrets' &&
      objectRef.namespace === namespace,
  );
  return events.map(({ requestURI }) => requestURI);
}

finale(() => stage);
