import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { validateCluster, validateToken } from '../../../src/resources/validate.ts';
import type { Scene } from '../../operator/scene.ts';
import { Stage } from '../../operator/stage.ts';
import { anyManifest } from '../../resources/any-manifest.ts';
import { isOurs, type Manifest } from '../../resources/manifests.ts';
import { waitFor } from '../../wait.ts';
import { ArgoCD } from './argocd.ts';

jest.setTimeout(300_000);

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const GENERATED = 200;

let argocd: ArgoCD;
let stage: Stage;
let kubeconfig: string;
/** With the cluster on which generated tokens are issued. */
let scene: Scene;

beforeAll(async () => {
  argocd = await ArgoCD.build(console.error);
  stage = await Stage.start({ operatorFlags: ['--minimum-lifetime=1s'] });
  kubeconfig = stage.controlPlane.adminKubeconfig;
  const everything = { databases: ['*'], actions: ['read', 'write'], maxTokens: 1_000 };
  const namespaces = { names: ['generated', 'generated-client'] };
  const access = [{ name: 'all', namespaces, ...everything }];
  scene = await stage.scene('diff', { cluster: { access } });
}, 1_800_000);

afterAll(() => stage.stop());

interface Standing {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly generation: number };
  readonly status?: { readonly observedGeneration?: number };
}

/** Argo CD marks what it manages. */
function tracked<T extends { readonly metadata: object }>(object: T): T {
  return { ...object, metadata: { ...object.metadata, annotations: { 'argocd.argoproj.io/tracking-id': 'app:x' } } };
}

/** The same for a second way of applying. */
function copied(manifest: Manifest): Manifest {
  const { name, namespace } = manifest.metadata;
  const metadata = namespace === undefined ? { name: `${name}-client` } : { name, namespace: `${namespace}-client` };
  return { ...manifest, metadata };
}

/** Applies manifests in both ways, waits until the operator has looked at each, and tells what Argo CD still shows. */
async function roundTrip(manifests: readonly Manifest[]): Promise<readonly Standing[]> {
  const [onServer, asClient] = [manifests.map(tracked), manifests.map((manifest) => tracked(copied(manifest)))];
  const spaces = new Set([...onServer, ...asClient].flatMap(({ metadata: { namespace } }) => namespace ?? []));
  await Promise.all(
    [...spaces].map((name) => stage.controlPlane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  );
  await argocd.apply(kubeconfig, onServer, 'serverSide');
  await argocd.apply(kubeconfig, asClient, 'clientSide');
  const all = [...onServer, ...asClient];
  const stand = await waitFor(() => allLookedAt(all), { what: 'the operator to look at all', timeout: 120_000 });
  for (const [index, differences] of (await argocd.differences(kubeconfig, all)).entries()) {
    expect({ of: all[index], differences }).toEqual({ of: all[index], differences: {} });
  }
  return stand;
}

async function allLookedAt(manifests: readonly Manifest[]): Promise<readonly Standing[] | undefined> {
  const list = await stage.kubectl('get', 'idbc,idbt,imt', '--all-namespaces', '--output=json');
  const { items }: { items: Standing[] } = JSON.parse(list);
  const found = manifests.map(({ kind, metadata: { name, namespace } }) =>
    items.find((item) => item.kind === kind && item.metadata.name === name && item.metadata.namespace === namespace),
  );
  const done = found.filter((item) => item?.status?.observedGeneration === item?.metadata.generation);
  return done.length === manifests.length ? done.filter((item) => item !== undefined) : undefined;
}

/** The examples of the demo leave open where InfluxDB is. */
function filledIn(text: string): string {
  const { url, caBundle } = scene.simulator;
  return text.replaceAll('${INFLUXDB_URL}', url).replaceAll('${INFLUXDB_CA}', Buffer.from(caBundle).toString('base64'));
}

test('Argo CD shows no difference for any example, however it is applied and compared', async () => {
  const files = (await readdir(EXAMPLES, { recursive: true })).filter((file) => file.endsWith('.yaml'));
  const manifests = await Promise.all(
    files.map(async (file, index) => {
      const objects = loadAll(filledIn(await readFile(join(EXAMPLES, file), 'utf8'))).filter(isOurs);
      // Examples use each other's names.
      return objects.map(({ metadata: { name, namespace }, ...rest }): Manifest => ({
        ...rest,
        metadata: namespace === undefined ? { name: `${name}-${index}` } : { name, namespace: `${namespace}-${index}` },
      }));
    }),
  );
  expect(manifests.flat().length).toBeGreaterThan(10);
  await roundTrip(manifests.flat());
});

test(`Argo CD shows no difference for ${GENERATED} generated objects, with status and finalizer of the operator`, async () => {
  const valid = anyManifest.filter(({ kind, spec }) =>
    kind === 'InfluxDBCluster' ? validateCluster({ spec }).ok : validateToken({ kind, spec }, 1_000).ok,
  );
  const manifests = fc.sample(valid, { numRuns: GENERATED, seed: 7 }).map(({ kind, spec, ...rest }, index) => {
    const name = `generated-${index}`;
    if (kind === 'InfluxDBCluster') return { ...rest, kind, spec, metadata: { name } };
    const clusterRef = index % 4 === 0 ? {} : { clusterRef: { name: scene.cluster } };
    return { ...rest, kind, spec: { ...spec, ...clusterRef }, metadata: { name, namespace: 'generated' } };
  });
  expect(new Set(manifests.map(({ kind }) => kind)).size).toBe(3);
  const stand = await roundTrip(manifests);
  const text = stand.map((object) => JSON.stringify(object));
  expect(text.filter((object) => object.includes('influxtokens.dev/revoke')).length).toBeGreaterThan(30);
  expect(text.filter((object) => object.includes('"tokenID"') || object.includes('"token":{')).length).toBeGreaterThan(
    30,
  );
});

test('what somebody changes in a spec is shown, in every way of comparing', async () => {
  const manifest = tracked<Manifest>({
    apiVersion: 'influxtokens.dev/v1alpha1',
    kind: 'DatabaseToken',
    metadata: { name: 'changed', namespace: 'default' },
    spec: { description: 'ours', permissions: [{ action: 'read', resource: 'sensors' }] },
  });
  await argocd.apply(kubeconfig, [manifest], 'serverSide');
  await stage.kubectl('patch', 'idbt/changed', '--type=merge', '--patch={"spec":{"description":"theirs"}}');
  const [differences] = await argocd.differences(kubeconfig, [manifest]);
  expect(Object.keys(differences ?? {}).sort()).toEqual([
    'serverSide',
    'serverSideWithMutations',
    'structuredMerge',
    'threeWay',
  ]);
});
