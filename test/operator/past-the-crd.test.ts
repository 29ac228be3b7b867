import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { GROUP, PLURALS } from '../../src/resources/group.ts';
import { finale } from './finale.ts';
import { mergeInto } from './objects.ts';
import { Stage } from './stage.ts';
import { waitFor } from '../wait.ts';

jest.setTimeout(120_000);

let stage: Stage;

/** An older or a looser CRD than ours: the API server takes any spec. */
async function relax(plural: string): Promise<void> {
  const path = resourcePath({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
    name: `${plural}.${GROUP}`,
  });
  const { spec } = await stage.kubernetes.request<Definition>({ method: 'GET', path });
  const any = { 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: any, status: { type: 'object', ...any } } } };
  const versions = spec.versions.map((version) => ({ ...version, schema }));
  await mergeInto(stage.kubernetes, path, { spec: { versions } });
}

interface Definition {
  readonly spec: { readonly versions: readonly object[] };
}

beforeAll(async () => {
  stage = await Stage.start();
  await Promise.all([relax(PLURALS.DatabaseToken), relax(PLURALS.InfluxDBCluster)]);
});

afterAll(async () => {
  await stage.stop();
});

test.concurrent.each([
  [
    'an action that does not exist',
    { permissions: [{ action: 'admin', resource: 'sensors' }] },
    'permissions[0].action',
  ],
  ['permissions that are no list', { permissions: 'all' }, 'permissions'],
  ['no permissions at all', { permissions: undefined }, 'permissions'],
  ['two ends', { expiresAt: '2035-01-01T00:00:00Z', lifetime: '24h' }, 'expiresAt'],
  ['a lifetime in days', { lifetime: '30d' }, 'lifetime'],
  ['a description with our marker', { description: '[influxtokens x/y/0123456789abcdef]' }, 'description'],
  ['a description that is a number', { description: 42 }, 'description'],
  ['a Secret that is a text', { secret: 'mine' }, 'secret'],
  ['a Secret in another namespace', { secret: { name: '../kube-system/mine' } }, 'secret.name'],
  ['a number for the name of its Secret', { secret: { name: 42 } }, 'secret.name'],
  ['a label that is ours', { secret: { labels: { 'influxtokens.dev/managed': 'false' } } }, 'secret.labels'],
])(
  'an object that slips past the CRD with %s is told which field is wrong, and served once it is right',
  async (_, spec, field) => {
    const scene = await stage.scene('bad');
    await waitFor(() => scene.apply('bad', spec).then(() => true), { what: 'the CRD to take it' });
    const invalid = await scene.waitForReason('bad', 'InvalidSpec');
    expect(invalid.message).toContain(`spec.${field}`);
    await scene.waitForCondition('bad', { type: 'Stalled', status: 'True' });
    await scene.waitForEvent('bad', 'InvalidSpec');
    expect(scene.requests('POST')).toBe(0);

    await scene.apply('bad');
    await scene.waitForReason('bad', 'Issued');
    expect(scene.requests('POST')).toBe(1);
  },
);

test.concurrent(
  'an InfluxDBCluster that slips past the CRD serves nobody before it is right, and loses nothing',
  async () => {
    const scene = await stage.scene('bad');
    await scene.apply('standing');
    await scene.waitForReason('standing', 'Issued');
    const secret = await scene.secret('standing');
    const access = [{ name: 'test', namespaces: {}, databases: ['*'], actions: ['everything'] }];
    await waitFor(() => scene.createCluster({ access }).then(() => true), { what: 'the CRD to take it' });
    const invalid = await scene.waitForCluster('InvalidSpec');
    expect(invalid.message).toContain('spec.access');
    await scene.apply('waiting');
    expect((await scene.waitForReason('waiting', 'InvalidSpec')).message).toContain('spec.access');
    expect(await scene.secret('standing')).toEqual(secret);
    expect(scene.requests('POST')).toBe(1);

    await scene.createCluster();
    await scene.waitForReason('waiting', 'Issued');
    await scene.waitForReason('standing', 'Issued');
    expect(await scene.secret('standing')).toEqual(secret);
  },
);

test.concurrent('a status that is nonsense is written anew', async () => {
  const scene = await stage.scene('status');
  await scene.apply('odd');
  await scene.waitForReason('odd', 'Issued');
  const { status } = await scene.token('odd');
  const patch = JSON.stringify([{ op: 'add', path: '/status', value: { conditions: 'none', token: 7 } }]);
  const namespace = `--namespace=${scene.namespace}`;
  await stage.kubectl('patch', 'idbt', 'odd', namespace, '--subresource=status', '--type=json', `--patch=${patch}`);
  await scene.waitForReason('odd', 'Issued');
  expect((await scene.token('odd')).status?.token).toEqual(status?.token);
  expect(scene.requests('POST')).toBe(1);
});

finale(() => stage);
