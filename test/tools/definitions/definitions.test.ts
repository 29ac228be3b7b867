import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startControlPlane, type ControlPlane } from '../../controlplane/control-plane.ts';
import { waitFor } from '../../wait.ts';

jest.setTimeout(300_000);

const ROOT = join(import.meta.dirname, '../../..');

/** Whose custom resources we write, and where their definitions are in the Go module that they publish. */
const OTHERS = [
  {
    name: 'the Prometheus Operator',
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    definitions: [
      'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    ],
    kinds: ['podmonitors.monitoring.coreos.com', 'prometheusrules.monitoring.coreos.com'],
    manifests: ['deploy/components/monitoring/pod-monitor.yaml', 'deploy/components/monitoring/prometheus-rule.yaml'],
  },
  {
    name: 'Flux',
    module: 'github.com/fluxcd/kustomize-controller@v1.6.0',
    sum: 'h1:13S+wqCQ44njSg59DNgm1qMqVkK6+0eoZs+jv4+EWCs=',
    definitions: ['config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
    kinds: ['kustomizations.kustomize.toolkit.fluxcd.io'],
    manifests: ['examples/flux/operator.yaml'],
  },
  {
    name: 'Argo CD',
    module: 'github.com/argoproj/argo-cd/v3@v3.5.7',
    sum: 'h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=',
    definitions: ['manifests/crds/application-crd.yaml'],
    kinds: ['applications.argoproj.io'],
    manifests: ['examples/argocd/operator.yaml', 'examples/argocd/tokens.yaml'],
  },
] as const;

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane();
});

afterAll(() => controlPlane.stop());

async function kubectl(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await controlPlane.kubectl(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
}

/** The folder of a module, fetched unless it is there, and no other than the one that was looked at. */
async function fetched(module: string, sum: string): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], { cwd: tmpdir() });
  const { Dir, Sum }: { Dir: string; Sum: string } = JSON.parse(stdout);
  expect(Sum).toBe(sum);
  return Dir;
}

test.each(OTHERS)('what we write for $name is valid by its own definitions', async (others) => {
  const folder = await fetched(others.module, others.sum);
  for (const file of others.definitions) await kubectl('apply', '--server-side', `--filename=${join(folder, file)}`);
  const established = ['wait', '--for=condition=Established', ...others.kinds.map((kind) => `crd/${kind}`)];
  await waitFor(async () => (await controlPlane.kubectl(established)).code === 0, { what: 'the definitions' });
  for (const namespace of ['influxtokens-system', 'flux-system', 'argocd']) {
    await controlPlane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  }
  for (const file of others.manifests) {
    const dryRun = ['--server-side', '--dry-run=server', '--validate=strict'];
    await kubectl('apply', ...dryRun, `--filename=${join(ROOT, file)}`);
  }
});

test('a field that Flux does not know is refused, so this is a test', async () => {
  const kustomization = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'slip', namespace: 'flux-system' },
    spec: { interval: '10m', prune: true, sourceRef: { kind: 'GitRepository', name: 'a' }, pathh: './deploy' },
  };
  const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--filename=-'];
  const { code, stderr } = await controlPlane.kubectl(args, { input: JSON.stringify(kustomization) });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('pathh') });
});
