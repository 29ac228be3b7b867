import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { PLURALS } from '../../src/resources/group.ts';
import { validateCluster, validateToken } from '../../src/resources/validate.ts';
import type { KubectlResult } from '../controlplane/control-plane-client.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { testNamespace } from '../controlplane/shared.ts';
import { anyManifest } from './any-manifest.ts';
import { installDefinitions } from './install.ts';
import { cloudCluster, cluster, databaseToken, isOurs, type Manifest, managementToken, named } from './manifests.ts';
import { refusals } from './refusals.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const CONSUMERS = join(EXAMPLES, 'consumers');

let controlPlane: ControlPlane;
let namespace: string;

// One of its own: an operator that another test runs on the shared one would take to the clusters that are made here.
beforeAll(async () => {
  controlPlane = await startControlPlane();
  await installDefinitions(controlPlane);
  namespace = await testNamespace(controlPlane, 'resources');
}, 120_000);

afterAll(() => controlPlane.stop(), 60_000);

const kubectl = (args: readonly string[], input: object = {}): Promise<KubectlResult> =>
  controlPlane.kubectl(args, { input: JSON.stringify(input) });

const list = (items: readonly object[]): object => ({ apiVersion: 'v1', kind: 'List', items });

/**
 * Asks the API server, in one go, what it would say to the creation of each; `undefined` where it has nothing against it.
 * Every one gets a name of its own, by which its answer is found.
 */
async function serverSays(manifests: readonly Manifest[]): Promise<(string | undefined)[]> {
  const objects = manifests.map((manifest, index) => named(manifest, `case-${index}`, namespace));
  // kubectl's own validation would refuse the list as a whole.
  const args = ['create', '--dry-run=server', '--validate=false', '-f', '-'];
  const { stdout, stderr } = await kubectl(args, list(objects));
  const lines = stderr.split('\n');
  return objects.map(({ metadata: { name } }) => {
    if (stdout.includes(`/${name} created`)) return undefined;
    const answer = lines.find((line) => line.includes(`"${name}" is invalid: `));
    if (answer === undefined) throw new Error(`no answer for ${name} in:\n${stderr}`);
    return answer;
  });
}

describe('the API server refuses', () => {
  let answers: (string | undefined)[];

  beforeAll(async () => {
    answers = await serverSays(refusals.map(({ manifest }) => manifest));
  });

  test.each(refusals)('$name', (refusal) => {
    const answer = answers[refusals.indexOf(refusal)];
    expect(answer).toContain(`${refusal.field}: `);
    // What it quotes is escaped as in JSON.
    expect(answer?.replaceAll('\\"', '"')).toContain(refusal.message);
  });

  test.each([
    ['permissions of a ManagementToken', managementToken({ permissions: [] }), 'spec.permissions'],
    [
      'a database key of a ManagementToken',
      managementToken({ secret: { keys: { database: 'DB' } } }),
      'spec.secret.keys.database',
    ],
    ['a misspelt field', databaseToken({ lifeTime: '720h' }), 'spec.lifeTime'],
    [
      'credentials in another namespace',
      cluster({ credentials: { secretRef: { name: 'a', key: 'b', namespace: 'c' } } }),
      'spec.credentials.secretRef.namespace',
    ],
  ])('%s, as a field that it does not know', async (_, manifest, field) => {
    const { code, stderr } = await kubectl(['apply', '-f', '-'], named(manifest, 'unknown-field', namespace));
    expect(code).toBe(1);
    expect(stderr).toContain(`unknown field "${field}"`);
  });
});

describe('what cannot be changed', () => {
  test.each<[string, Manifest, Manifest, string, string]>([
    [
      'the cluster of a token',
      databaseToken({ clusterRef: { name: 'a' } }),
      databaseToken({ clusterRef: { name: 'b' } }),
      'spec.clusterRef',
      'the token lives on that cluster; create another object',
    ],
    [
      'the cluster of a token, from none',
      managementToken(),
      managementToken({ clusterRef: { name: 'b' } }),
      'spec.clusterRef',
      'cannot be changed',
    ],
    [
      'the cluster of a token, to none',
      databaseToken({ clusterRef: { name: 'a' } }),
      databaseToken(),
      'spec.clusterRef',
      'cannot be changed',
    ],
    [
      'the Secret of a token',
      databaseToken({ secret: { name: 'a' } }),
      databaseToken({ secret: { name: 'b' } }),
      'spec.secret.name',
      'applications read that Secret; create another object',
    ],
    [
      'the Secret of a token, from none',
      databaseToken(),
      databaseToken({ secret: { name: 'b' } }),
      'spec.secret.name',
      'cannot be changed',
    ],
    [
      'the Secret of a token, to none',
      managementToken({ secret: { name: 'a' } }),
      managementToken(),
      'spec.secret.name',
      'cannot be changed',
    ],
    [
      'the product of a cluster',
      cluster(),
      cloudCluster(),
      'spec.product',
      'tokens live on that cluster; create another InfluxDBCluster',
    ],
    [
      'the account of a cluster',
      cloudCluster(),
      cloudCluster({ accountID: 'other' }),
      'spec.accountID',
      'cannot be changed',
    ],
    [
      'the id of a cluster',
      cloudCluster(),
      cloudCluster({ clusterID: 'other' }),
      'spec.clusterID',
      'cannot be changed',
    ],
  ])('%s', async (name, before, after, field, message) => {
    const own = `${namespace}-${name.replaceAll(/\W+/g, '-').toLowerCase()}`;
    expect(await kubectl(['apply', '-f', '-'], named(before, own, namespace))).toMatchObject({ code: 0 });
    const { code, stderr } = await kubectl(['apply', '-f', '-'], named(after, own, namespace));
    expect(code).toBe(1);
    expect(stderr).toContain(`${field}: `);
    expect(stderr).toContain(message);
  });

  test('may be written down as it is by default', async () => {
    const { metadata } = named(databaseToken(), 'written-down', namespace);
    const said = { clusterRef: { name: 'default' }, secret: { name: metadata.name } };
    for (const spec of [{}, said, {}]) {
      const { code } = await kubectl(['apply', '-f', '-'], named(databaseToken(spec), metadata.name, namespace));
      expect(code).toBe(0);
    }
  });

  test('is not in the way of any other change', async () => {
    const changes = [
      { lifetime: '720h' },
      { expiresAt: '2035-01-01T00:00:00Z' },
      { secret: { keys: { token: 'TOKEN' } } },
    ];
    for (const spec of changes) {
      const { code } = await kubectl(['apply', '-f', '-'], named(databaseToken(spec), 'changed', namespace));
      expect(code).toBe(0);
    }
  });
});

describe('the API server and the operator', () => {
  test('agree on what is valid', async () => {
    const manifests = fc.sample(anyManifest, 300);
    const ours = manifests.map(({ kind, spec }) =>
      kind === 'InfluxDBCluster' ? validateCluster({ spec }) : validateToken({ kind, spec }, 0),
    );
    const answers = await serverSays(manifests);
    const disagreements = manifests.flatMap(({ kind, spec }, index) => {
      const [verdict, answer] = [ours[index], answers[index]];
      return (answer === undefined) === verdict?.ok ? [] : [{ kind, spec, verdict, answer }];
    });
    expect(disagreements).toEqual([]);
    // Or the test would show nothing.
    expect(ours.filter(({ ok }) => ok).length).toBeGreaterThan(30);
    expect(ours.filter(({ ok }) => !ok).length).toBeGreaterThan(30);
  });
});

describe('what is applied', () => {
  test('is what one gets, with nothing filled in but the status', async () => {
    const valid = fc
      .sample(anyManifest, 200)
      .filter(
        ({ kind, spec }) =>
          (kind === 'InfluxDBCluster' ? validateCluster({ spec }) : validateToken({ kind, spec }, 0)).ok,
      )
      .map((manifest, index) => named(manifest, `${namespace}-${index}`, namespace));
    await controlPlane.apply(valid);
    const { stdout } = await kubectl(['get', 'influxdb', '--namespace', namespace, '-o', 'json']);
    const { items }: { items: (Manifest & { status: unknown })[] } = JSON.parse(stdout);
    const found = new Map(items.map((item) => [item.metadata.name, item]));
    for (const { kind, metadata, spec } of valid) {
      expect(found.get(metadata.name)).toMatchObject({ kind, status: { observedGeneration: -1 } });
      expect(found.get(metadata.name)?.spec).toEqual(spec);
    }
  });

  test('can be any of the examples', async () => {
    const files = (await readdir(EXAMPLES)).filter((file) => file.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(5);
    const texts = await Promise.all(files.map((file) => readFile(join(EXAMPLES, file), 'utf8')));
    const objects = texts.flatMap((text) => loadAll(text)).filter(isOurs);
    const placed = objects.map((object, index) => named(object, `${namespace}-example-${index}`, namespace));
    await controlPlane.apply(placed);
    const { stdout } = await kubectl(['get', '-f', '-', '-o', 'json'], list(placed));
    const status = { observedGeneration: -1 };
    expect(JSON.parse(stdout)).toMatchObject({ items: placed.map(({ kind, spec }) => ({ kind, spec, status })) });
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(Object.keys(PLURALS)));
  });
});

test('applications that use a token are accepted as the examples have them', async () => {
  const files = (await readdir(CONSUMERS)).filter((file) => file.endsWith('.yaml'));
  expect(files.length).toBeGreaterThan(3);
  // The namespace that all of them name.
  await controlPlane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metrics' } });
  const { code, stderr } = await kubectl(['apply', '--server-side', '--dry-run=server', '-f', CONSUMERS]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

describe('kubectl', () => {
  test.each([
    ['influxdbclusters.spec.access', 'Who may ask for what'],
    ['idbt.spec.lifetime', 'Example: 720h, which is 30 days'],
    ['imt.status.superseded', 'Earlier tokens that still work'],
  ])('explains %s', async (field, text) => {
    const { stdout } = await kubectl(['explain', field]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(text);
  });

  test('shows how a token does', async () => {
    const token = named(databaseToken({ clusterRef: { name: 'production' } }), 'shown', namespace);
    await controlPlane.apply(token);
    const status = {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Issued', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
      token: { id: 'token-1', clusterUID: 'uid', createdAt: '2026-01-01T00:00:00Z', expiresAt: '2035-01-01T00:00:00Z' },
      secretName: 'shown-secret',
      nextRotation: '2034-12-01T00:00:00Z',
    };
    const patch = ['--subresource=status', '--type=merge', '--patch', JSON.stringify({ status })];
    expect(await kubectl(['patch', 'idbt', 'shown', '-n', namespace, ...patch])).toMatchObject({ code: 0 });

    expect(await table(['idbt', 'shown', '-n', namespace])).toEqual([
      ['NAME', 'READY', 'STATUS', 'SECRET', 'EXPIRES', 'AGE'],
      ['shown', 'True', 'Issued', 'shown-secret', '2035-01-01T00:00:00Z', expect.stringMatching(/^\d+s$/)],
    ]);
    const [heading, row] = await table(['idbt', 'shown', '-n', namespace, '-o', 'wide']);
    expect(heading?.slice(6)).toEqual(['CLUSTER', 'TOKEN-ID', 'ROTATES']);
    expect(row?.slice(6)).toEqual(['production', 'token-1', '2034-12-01T00:00:00Z']);
  });

  test('shows how a cluster does', async () => {
    const name = `${namespace}-shown`;
    await controlPlane.apply(named(cluster(), name, namespace));
    const ready = {
      type: 'Ready',
      status: 'False',
      reason: 'ClusterUnreachable',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const patch = [
      '--subresource=status',
      '--type=merge',
      '--patch',
      JSON.stringify({ status: { conditions: [ready], tokens: 7 } }),
    ];
    expect(await kubectl(['patch', 'idbc', name, ...patch])).toMatchObject({ code: 0 });
    expect(await table(['idbc', name])).toEqual([
      ['NAME', 'READY', 'STATUS', 'URL', 'TOKENS', 'AGE'],
      [name, 'False', 'ClusterUnreachable', 'https://influxdb.example.com', '7', expect.stringMatching(/^\d+s$/)],
    ]);
  });
});

/** The cells that `kubectl get` prints. */
async function table(args: readonly string[]): Promise<string[][]> {
  const { stdout } = await kubectl(['get', ...args]);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
}
