import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { CHART } from '../../../scripts/generated-files.ts';
import { OPERATOR_VERSION } from '../../../src/version.ts';
import { sharedControlPlane } from '../../controlplane/shared.ts';
import { ROOT } from '../../docs/markdown.ts';
import { writeOverlay } from '../../security/overlay.ts';
import { helmCommand } from './helm.ts';

jest.setTimeout(300_000);

const NAMESPACE = 'influxtokens-system';
const components = (await readdir(join(ROOT, 'deploy/components'))).sort();

let helm: string;
let home: string;

beforeAll(async () => {
  helm = await helmCommand();
  home = await mkdtemp(join(tmpdir(), 'influxtokens-helm-'));
}, 1_800_000);

afterAll(async () => {
  await rm(home, { recursive: true });
});

/** As much of any manifest as tells it from the others. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
}

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(helm, args, { cwd: ROOT, env: { PATH: process.env.PATH, HOME: home } });
  child.stdin.end();
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: Number(code), stdout, stderr };
}

function template(values: object = {}, namespace = NAMESPACE): ReturnType<typeof run> {
  return run('template', 'any', CHART, `--namespace=${namespace}`, '--set-json', JSON.stringify(values));
}

async function render(values: object = {}, namespace = NAMESPACE): Promise<ReadonlyMap<string, Manifest>> {
  const { code, stdout, stderr } = await template(values, namespace);
  if (code !== 0) throw new Error(stderr);
  return manifests(stdout);
}

async function kustomize(folder: string): Promise<ReadonlyMap<string, Manifest>> {
  const controlPlane = await sharedControlPlane();
  const { code, stdout, stderr } = await controlPlane.kubectl(['kustomize', folder]);
  if (code !== 0) throw new Error(stderr);
  return manifests(stdout);
}

function manifests(yaml: string): ReadonlyMap<string, Manifest> {
  const documents = loadAll(yaml).filter(isManifest);
  const name = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? '-'} ${metadata.name}`;
  const found = new Map(documents.map((manifest) => [name(manifest), manifest]));
  expect(found.size).toBe(documents.length);
  return found;
}

function isManifest(document: unknown): document is Manifest {
  return typeof document === 'object' && document !== null && 'kind' in document && 'metadata' in document;
}

function camelCase(folder: string): string {
  return folder.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Every choice of components but the thousandfold: none, each alone, each left out, all. */
const choices = [
  [],
  ...components.map((one) => [one]),
  ...components.map((one) => components.filter((other) => other !== one)),
  components,
];

test('helm lint has nothing to say', async () => {
  const { code, stdout } = await run('lint', '--strict', CHART);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining('1 chart(s) linted, 0 chart(s) failed'),
  });
  expect(stdout).not.toMatch(/WARNING|ERROR/);
});

describe('the chart makes what kustomize makes', () => {
  test.each(choices.map((choice) => ({ choice, name: choice.join(', ') || 'the base alone' })))(
    '$name',
    async ({ choice }) => {
      const watched = choice.includes('namespaced') ? ['team-a', 'team-b'] : [];
      const overlay = await writeOverlay({ components: choice, watched });
      try {
        const expected = new Map(await kustomize(overlay.path));
        // The release has a namespace already.
        expect(expected.delete(`Namespace - ${NAMESPACE}`)).toBe(true);
        const rendered = new Map(
          await render({
            crds: { enabled: false },
            components: Object.fromEntries(choice.map((folder) => [camelCase(folder), { enabled: true }])),
            flags: watched.length > 0 ? { 'watch-namespace': watched } : {},
          }),
        );
        expect([...rendered.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [name, manifest] of expected) {
          expect(withoutWatched(rendered.get(name))).toEqual(manifest);
        }
      } finally {
        await overlay.remove();
      }
    },
  );

  test('the CRDs, which it does not take away again', async () => {
    const rendered = await render();
    for (const [name, definition] of await kustomize('crds')) {
      const { metadata, ...rest } = definition;
      const annotations = { 'helm.sh/resource-policy': 'keep' };
      expect(rendered.get(name)).toEqual({ ...rest, metadata: { ...metadata, annotations } });
    }
  });
});

describe('a value', () => {
  test('reaches the field that it stands for', async () => {
    const values = {
      image: { repository: 'registry.example.com/operator', tag: 'next' },
      imagePullSecrets: [{ name: 'registry' }],
      replicas: 3,
      flags: { workers: 32, 'leader-elect': false, 'log-level': 'debug', 'watch-namespace': ['a', 'b'] },
      env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }],
      resources: { limits: { memory: '1Gi' } },
      podAnnotations: { 'example.com/a': 'b' },
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
      tolerations: [{ key: 'infra', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1 }],
      priorityClassName: 'system-cluster-critical',
    };
    const deployment = (await render(values)).get(`Deployment ${NAMESPACE} influxtokens-operator`);
    const { imagePullSecrets, nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName } =
      values;
    expect(deployment).toMatchObject({
      spec: {
        replicas: 3,
        template: {
          metadata: { annotations: values.podAnnotations },
          spec: {
            imagePullSecrets,
            nodeSelector,
            tolerations,
            affinity,
            topologySpreadConstraints,
            priorityClassName,
            containers: [
              {
                image: 'registry.example.com/operator:next',
                env: [
                  expect.objectContaining({ name: 'POD_NAMESPACE' }),
                  { name: 'INFLUXTOKENS_LEADER_ELECT', value: 'false' },
                  { name: 'INFLUXTOKENS_LOG_LEVEL', value: 'debug' },
                  { name: 'INFLUXTOKENS_WATCH_NAMESPACE', value: 'a,b' },
                  { name: 'INFLUXTOKENS_WORKERS', value: '32' },
                  ...values.env,
                ],
                resources: { limits: { memory: '1Gi' } },
              },
            ],
          },
        },
      },
    });
  });

  test('left alone gives the image of this version; a digest wins over a tag', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const image = async (values: object): Promise<string | undefined> =>
      /image: (.*)$/m.exec((await template(values)).stdout)?.[1];
    expect(await image({})).toBe(`"ghcr.io/influxdb-token-operator/influxdb-token-operator:${OPERATOR_VERSION}"`);
    expect(await image({ image: { repository: 'here/it', tag: 'is', digest } })).toBe(`"here/it@${digest}"`);
  });

  test('names the image with the influxctl command', async () => {
    const image = 'registry.your-company.com/influxctl:2.12.0';
    const rendered = await render({ components: { influxctl: { enabled: true, image } } });
    expect(rendered.get(`Deployment ${NAMESPACE} influxtokens-operator`)).toMatchObject({
      spec: { template: { spec: { initContainers: [{ name: 'influxctl', image }] } } },
    });
    // It alone brings in no container.
    const without = await template({ components: { influxctl: { image } } });
    expect(without.stdout).not.toContain('initContainers');
  });

  test('moves it to the namespace of the release, whatever that is called', async () => {
    const all = Object.fromEntries(components.map((folder) => [camelCase(folder), { enabled: true }]));
    const { stdout } = await template({ components: all, flags: { 'watch-namespace': ['team-a'] } }, '1234');
    expect(stdout).not.toContain(NAMESPACE);
    const namespaces = [...manifests(stdout).values()].map(({ metadata }) => metadata.namespace);
    expect(new Set(namespaces)).toEqual(new Set([undefined, '1234', 'default', 'team-a']));
  });

  test.each([
    [{ replica: 2 }, /replica/],
    [{ flags: { 'log-level': 'loud' } }, /log-level/],
    [{ flags: { workers: 'many' } }, /workers/],
    [{ flags: { colour: 'red' } }, /colour/],
    [{ image: { digest: 'sha256:abc' } }, /digest/],
    [{ components: { networkPolicy: { enabled: 'yes' } } }, /networkPolicy/],
    [{ components: { influxctl: { image: '' } } }, /image/],
    [{ components: { namespaced: { enabled: true } } }, /components\.namespaced needs flags\.watch-namespace/],
  ])('that makes no sense is refused by its name: %j', async (values, named) => {
    const { code, stderr } = await template(values);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(named);
  });
});

/** Kustomize leaves it to the overlay to say what namespaces are watched. */
function withoutWatched(manifest: Manifest | undefined): unknown {
  return JSON.parse(JSON.stringify(manifest ?? null), (key: string, value: unknown) =>
    key === 'env' && Array.isArray(value)
      ? value.filter((variable: { name: string }) => variable.name !== 'INFLUXTOKENS_WATCH_NAMESPACE')
      : value,
  );
}
