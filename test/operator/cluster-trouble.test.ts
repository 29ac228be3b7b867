import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Reason } from '../../src/resources/reasons.ts';
import { CertificateAuthority } from '../certificates.ts';
import { managementToken, named } from '../resources/manifests.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { eventsOf } from './objects.ts';
import { OPERATOR_NAMESPACE } from './operator-process.ts';
import type { Scene } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow({ operatorFlags: ['--inventory-interval=2s'] });
});

afterAll(async () => {
  await stage.stop();
});

interface Trouble {
  readonly what: string;
  /** Before there is an InfluxDBCluster. */
  readonly make: (scene: Scene) => Promise<unknown> | void;
  /** Fields of the spec that are wrong. */
  readonly spec?: () => Promise<Record<string, unknown>>;
  readonly reason: Reason;
  /** Cause and remedy. */
  readonly says: readonly string[];
  readonly mend: (scene: Scene) => Promise<unknown> | void;
}

const CA_BUNDLE = { name: 'influxdb-ca', key: 'ca.crt' } as const;

const TROUBLES: readonly Trouble[] = [
  {
    what: 'refuses the connection',
    make: (scene) => scene.simulator.down(),
    reason: 'ClusterUnreachable',
    says: ['it refuses the connection', 'check host and port of spec.url'],
    mend: (scene) => scene.simulator.up(),
  },
  {
    what: 'shows a certificate of another authority',
    make: () => undefined,
    spec: async () => {
      const { certificate } = await CertificateAuthority.create('another authority');
      return { tls: { caBundle: Buffer.from(certificate).toString('base64') } };
    },
    reason: 'ClusterUnreachable',
    says: ['certificate', 'caBundle'],
    mend: (scene) => scene.createCluster(),
  },
  {
    what: 'has no Secret with its credential',
    make: (scene) => scene.deleteCredential(),
    reason: 'CredentialsMissing',
    says: ['There is no Secret', 'create it with the management token under the key token'],
    mend: (scene) => scene.createCredential(),
  },
  {
    what: 'has its credential under another key',
    make: (scene) => scene.createCredential({ password: scene.simulator.adminToken }),
    reason: 'CredentialsMissing',
    says: ['has no key token', 'put the management token there'],
    mend: (scene) => scene.createCredential(),
  },
  {
    what: 'has an empty credential',
    make: (scene) => scene.createCredential({ token: ' \n' }),
    reason: 'CredentialsMissing',
    says: ['is empty under the key token', 'put the management token there'],
    mend: (scene) => scene.createCredential(),
  },
  {
    what: 'has the JSON document of the Secret admin-token for a credential',
    make: (scene) =>
      scene.createCredential({ token: JSON.stringify({ access_token: scene.simulator.adminToken, expires_in: 1 }) }),
    reason: 'CredentialsMissing',
    says: ['holds a JSON document under the key token', 'put the value of its field access_token there'],
    mend: (scene) => scene.createCredential(),
  },
  {
    what: 'has no ConfigMap with its CA bundle',
    make: () => undefined,
    spec: async () => ({ tls: { caBundleRef: CA_BUNDLE } }),
    reason: 'CredentialsMissing',
    says: ['there is no key ca.crt in a ConfigMap influxdb-ca', 'create it with the PEM bundle'],
    mend: (scene) =>
      scene.applyOther({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: CA_BUNDLE.name, namespace: OPERATOR_NAMESPACE },
        data: { [CA_BUNDLE.key]: scene.simulator.caBundle },
      }),
  },
  {
    what: 'does not know the credential (401)',
    make: (scene) => scene.createCredential({ token: 'wrong' }),
    reason: 'CredentialsRejected',
    says: ['it answered 401'],
    mend: (scene) => scene.createCredential({ token: ` ${scene.simulator.adminToken}\n` }),
  },
  {
    what: 'forbids (403)',
    make: (scene) => void scene.simulator.inject({ kind: 'status', status: 403 }),
    reason: 'CredentialsRejected',
    says: ['it answered 403'],
    mend: (scene) => scene.simulator.clearFaults(),
  },
  {
    what: 'answers with a login page',
    make: (scene) => void scene.simulator.inject({ kind: 'status', status: 200, body: 'html' }),
    reason: 'ClusterUnreachable',
    says: ['it is HTML', 'is spec.url the Management API?'],
    mend: (scene) => scene.simulator.clearFaults(),
  },
];

test.concurrent.each(TROUBLES)(
  'a cluster that $what is told with cause and remedy, and serves once that is mended',
  async ({ make, spec, reason, says, mend }) => {
    const scene = await stage.scene('trouble', { without: ['cluster'] });
    await make(scene);
    await scene.createCluster(await spec?.());
    await scene.apply('waiting');

    const ready = await scene.waitForReason('waiting', reason);
    expect(ready.status).toBe('False');
    for (const words of says) expect(ready.message).toContain(words);
    expect((await scene.waitForCluster(reason)).message).toBe(ready.message);
    await scene.waitForCondition('waiting', { type: 'Reconciling', status: 'True', reason });
    expect(await scene.waitForEvent('waiting', reason)).toBe(ready.message);
    expect(scene.requests('POST')).toBe(0);

    await mend(scene);
    await scene.waitForReason('waiting', 'Issued');
    await scene.waitForCluster('Connected');
    expect(scene.requests('POST')).toBe(1);
  },
);

test.concurrent.each([
  ['is down', (scene: Scene) => scene.simulator.down(), 'ClusterUnreachable', (scene: Scene) => scene.simulator.up()],
  [
    'lost its credential',
    (scene: Scene) => scene.deleteCredential(),
    'CredentialsMissing',
    (scene: Scene) => scene.createCredential(),
  ],
] as const)('a token stays Ready while its cluster %s, and Synced says so', async (_, make, reason, mend) => {
  const scene = await stage.scene('outage');
  await scene.apply('standing');
  await scene.waitForReason('standing', 'Issued');
  const secret = await scene.secret('standing');
  await make(scene);
  await scene.waitForCondition('standing', { type: 'Synced', status: 'False', reason });
  await scene.waitForReason('standing', 'Issued');

  await mend(scene);
  await scene.waitForCondition('standing', { type: 'Synced', status: 'True' });
  expect(await scene.secret('standing')).toEqual(secret);
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent(
  'a cluster that knows none of our tokens is taken for another one, and nothing is minted there',
  async () => {
    const scene = await stage.scene('mismatch');
    await scene.apply('lost');
    await scene.waitForReason('lost', 'Issued');
    const secret = await scene.secret('lost');
    for (const { id } of scene.simulator.tokens()) scene.simulator.forgetToken(id);
    const mismatch = await scene.waitForCluster('ClusterMismatch');
    expect(mismatch.message).toContain('is spec.url right?');
    await scene.waitForCondition('lost', { type: 'Synced', status: 'False', reason: 'ClusterMismatch' });
    expect(await scene.secret('lost')).toEqual(secret);
    expect(scene.requests('POST')).toBe(1);
  },
);

test.concurrent.each([
  ['ahead of', 90_000],
  ['behind', -90_000],
])('a cluster whose clock is %s ours is told so, and its tokens end by its clock', async (where, clockSkew) => {
  const scene = await stage.scene('skewed', { simulator: { clockSkew } });
  await scene.apply('standing', { lifetime: '2h' });
  await scene.waitForReason('standing', 'Issued');
  const told = await waitFor(
    async () =>
      (await eventsOf(stage.kubernetes, 'default')).find(
        ({ regarding, reason }) => regarding.name === scene.cluster && reason === 'ClockSkew',
      )?.note,
    { what: 'the Event ClockSkew' },
  );
  expect(told).toMatch(new RegExp(`^The clock of the cluster is (89|90|91) s ${where} the operator's`));
  const [token] = scene.liveTokens();
  const lives = (token?.expiresAt ?? 0) - (token?.createdAt ?? 0);
  expect(Math.abs(lives - 2 * 3_600_000)).toBeLessThanOrEqual(5_000);
  const metric = await stage.operator.metric(`influxtokens_clock_skew_seconds{cluster="${scene.cluster}"}`);
  expect(Math.sign(metric)).toBe(Math.sign(clockSkew));
});

test.concurrent('a new credential is used from the next request on', async () => {
  const scene = await stage.scene('renewed');
  await scene.apply('standing');
  await scene.waitForReason('standing', 'Issued');
  scene.simulator.adminToken = 'admin-c0ffee0000000000000000000000c0ffee';
  await scene.waitForCluster('CredentialsRejected');
  await scene.createCredential();
  await scene.waitForCluster('Connected');
  await scene.change('standing', { spec: { description: 'With the new credential' } });
  await scene.waitForReason('standing', 'Issued');
  await waitFor(() => scene.requests('PATCH') === 1, { what: 'the change' });
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

finale(() => stage);
