import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { bundle } from '../../scripts/bundle.ts';
import { OPERATOR_VERSION } from '../../src/version.ts';
import type { KubectlResult } from '../controlplane/control-plane-client.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { freePort } from '../free-port.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import { waitFor } from '../wait.ts';
import { allowed, type Access, type Subject } from './access-reviews.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const NAMESPACE = 'influxtokens-system';
const IMAGE = 'ghcr.io/influxdb-token-operator/influxdb-token-operator';
const OPERATOR: Subject = { user: `system:serviceaccount:${NAMESPACE}:influxtokens-operator` };

/** As much of any manifest as is looked at here. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly subjects?: readonly { readonly namespace: string }[];
  readonly spec?: { readonly template?: { readonly metadata: object; readonly spec: PodSpec } };
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface PodSpec {
  readonly containers: readonly { readonly image: string; readonly securityContext?: object }[];
}

let controlPlane: ControlPlane;
let manifests: readonly Manifest[];

// One of its own: the operator is run with its rights in all namespaces.
beforeAll(async () => {
  controlPlane = await startControlPlane();
  await succeed('apply', '--server-side', '-k', DEPLOY);
  manifests = await render(DEPLOY);
}, 120_000);

afterAll(async () => {
  await controlPlane.stop();
});

describe('the manifests', () => {
  test('are accepted as they are: applying them again changes nothing and warns of nothing', async () => {
    const { stdout, stderr } = await succeed('apply', '--server-side', '-k', DEPLOY);
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toHaveLength(manifests.length);
    // Exit code 1 when the API server would store anything else than it has.
    expect(await kubectl('diff', '--server-side', '-k', DEPLOY)).toMatchObject({ code: 0, stdout: '' });
  });

  test('fit the Pod Security level restricted, which the namespace enforces', async () => {
    const { metadata, spec } = podTemplate();
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'operator', namespace: NAMESPACE },
      spec,
    };
    expect(await dryRun(pod)).toMatchObject({ code: 0, stderr: '' });

    const [container] = spec.containers;
    const bare = { ...pod, spec: { ...spec, containers: [{ ...container, securityContext: {} }] } };
    const { stderr } = await dryRun(bare);
    expect(stderr).toContain('violates PodSecurity "restricted:latest"');
  });

  test('run the image of this version', () => {
    expect(podTemplate().spec.containers.map(({ image }) => image)).toEqual([`${IMAGE}:${OPERATOR_VERSION}`]);
  });

  test('can be changed as the README shows, and moved to another namespace', async () => {
    const overlay = await mkdtemp(join(tmpdir(), 'influxtokens-overlay-'));
    try {
      const [, shown = ''] = /^```yaml\n(.*?)^```$/ms.exec(await readFile(join(DEPLOY, 'README.md'), 'utf8')) ?? [];
      const kustomization = shown
        .replace(`namespace: ${NAMESPACE}`, 'namespace: elsewhere')
        .replace('influxdb-token-operator/deploy ', `${relative(overlay, DEPLOY)} `);
      await writeFile(join(overlay, 'kustomization.yaml'), kustomization);
      const changed = await render(overlay);

      const namespaces = changed.flatMap(({ metadata, subjects = [] }) => [metadata, ...subjects]);
      expect(new Set(namespaces.map(({ namespace }) => namespace))).toEqual(new Set([undefined, 'elsewhere']));
      const created = changed.filter(({ kind }) => kind === 'Namespace');
      expect(created.map(({ metadata }) => metadata.name)).toEqual(['elsewhere']);
      expect(podTemplate(changed).spec.containers).toEqual([
        expect.objectContaining({
          image: 'registry.example.com/influxdb-token-operator:0.1.0',
          env: expect.arrayContaining([
            { name: 'INFLUXTOKENS_LOG_LEVEL', value: 'debug' },
            expect.objectContaining({ name: 'POD_NAMESPACE' }),
          ]),
          resources: expect.objectContaining({ limits: { memory: expect.any(String) } }),
        }),
      ]);
    } finally {
      await rm(overlay, { recursive: true });
    }
  });
});

describe('the rights', () => {
  test('name every group, resource and verb, and none that leads to more rights', () => {
    const rules = manifests.flatMap(({ rules = [] }) => rules);
    expect(rules.length).toBeGreaterThan(0);
    for (const { apiGroups = [], resources = [], verbs, nonResourceURLs } of rules) {
      expect([...apiGroups, ...resources, ...verbs].filter((word) => word.includes('*'))).toEqual([]);
      expect(nonResourceURLs).toBeUndefined();
      expect(verbs.filter((verb) => ['escalate', 'bind', 'impersonate', 'deletecollection'].includes(verb))).toEqual(
        [],
      );
    }
  });

  test('of the operator are those that it needs', async () => {
    const needed = [
      ...each(['get', 'list', 'watch', 'patch'], ['influxdbclusters.influxtokens.dev']),
      ...each(['patch'], ['influxdbclusters/status.influxtokens.dev']),
      ...each(['get', 'list', 'watch', 'patch'], tokens()),
      ...each(['patch'], tokens('status')),
      ...each(['update'], tokens('finalizers')),
      ...each(['get', 'list', 'watch', 'create', 'patch', 'delete'], ['secrets']),
      ...each(['get', 'list', 'watch'], ['namespaces']),
      ...each(['create', 'patch'], ['events.events.k8s.io']),
      ...each(['get', 'list', 'watch'], ['secrets', 'configmaps'], NAMESPACE),
      ...each(['create'], ['leases.coordination.k8s.io'], NAMESPACE),
      ...each(['get', 'update'], ['leases.coordination.k8s.io influxtokens-operator'], NAMESPACE),
    ];
    expect(await allowed(controlPlane, OPERATOR, needed)).toEqual(needed);
  });

  test('of the operator end there', async () => {
    const refused = [
      // What people wrote stays as they wrote it.
      ...each(['create', 'update', 'delete', 'deletecollection'], ['influxdbclusters.influxtokens.dev', ...tokens()]),
      ...each(['update', 'deletecollection'], ['secrets']),
      ...each(['create', 'update', 'patch', 'delete'], ['namespaces', 'configmaps', 'serviceaccounts', 'pods']),
      ...each(['get', 'list', 'watch'], ['configmaps', 'pods', 'nodes', 'leases.coordination.k8s.io']),
      ...each(['get', 'update'], ['leases.coordination.k8s.io another'], NAMESPACE),
      ...each(['create'], ['pods/exec', 'serviceaccounts/token', 'tokenreviews.authentication.k8s.io']),
      ...each(
        ['get', 'create', 'patch', 'bind', 'escalate'],
        ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
          (plural) => `${plural}.rbac.authorization.k8s.io`,
        ),
      ),
      ...each(['get', 'patch'], ['customresourcedefinitions.apiextensions.k8s.io']),
      ...each(['impersonate'], ['users', 'groups', 'serviceaccounts']),
    ];
    expect(await allowed(controlPlane, OPERATOR, refused)).toEqual([]);
  });

  test('of view, edit and admin include the token objects, but neither their status nor the clusters', async () => {
    const read = each(['get', 'list', 'watch'], tokens(), 'team');
    const write = each(['create', 'update', 'patch', 'delete'], tokens(), 'team');
    const never = [
      ...each(['update', 'patch'], tokens('status'), 'team'),
      ...each(['get', 'create', 'update', 'patch', 'delete'], ['influxdbclusters.influxtokens.dev']),
      ...each(['get', 'list'], tokens(), 'another-team'),
    ];
    const expected: Readonly<Record<string, readonly Access[]>> = {
      view: read,
      edit: [...read, ...write],
      admin: [...read, ...write],
    };
    await succeed('create', 'namespace', 'team');
    for (const [role, may] of Object.entries(expected)) {
      await succeed('create', 'rolebinding', role, '--namespace=team', `--clusterrole=${role}`, `--user=${role}`);
      const subject = { user: role };
      // A controller gathers the rights of roles by label, and the authorizer learns of it by a watch.
      await waitFor(async () => (await allowed(controlPlane, subject, may)).length === may.length, {
        what: `the rights of ${role}`,
      });
      expect(await allowed(controlPlane, subject, [...read, ...write, ...never])).toEqual(may);
    }
  });

  test('suffice: the bundle starts, leads, and is refused nothing', async () => {
    const processes = await GuardedProcesses.create('influxtokens-deploy');
    try {
      const built = await bundle();
      const program = join(processes.directory, 'operator.cjs');
      await writeFile(program, built.find(({ path }) => path === 'operator.cjs')?.content ?? '');
      const health = `127.0.0.1:${await freePort()}`;
      const operator = await processes.start({
        name: 'operator',
        command: process.execPath,
        args: [
          program,
          `--kubeconfig=${await controlPlane.kubeconfigForServiceAccount(NAMESPACE, 'influxtokens-operator')}`,
          '--metrics-bind-address=0',
          `--health-probe-bind-address=${health}`,
        ],
      });
      await operator.ready(async () => (await fetch(`http://${health}/readyz`)).ok, 30_000);
      const lease = [
        'get',
        'lease',
        'influxtokens-operator',
        `--namespace=${NAMESPACE}`,
        '--output=jsonpath={.spec.holderIdentity}',
      ];
      await waitFor(async () => (await kubectl(...lease)).stdout !== '', { what: 'the operator to lead' });
      await operator.stop('SIGTERM');
      expect(await operator.ended).toBe('ended with exit code 0');
      expect((await kubectl(...lease)).stdout).toBe('');

      const log = await readFile(join(processes.directory, 'operator.log'), 'utf8');
      expect(log.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
      const asked = await controlPlane.auditEvents(({ user }) => user.username === OPERATOR.user);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
    } finally {
      await processes.end();
    }
  });
});

/** Every verb on every resource. */
function each(verbs: readonly string[], resources: readonly string[], namespace = ''): Access[] {
  return resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource, namespace })));
}

function tokens(subresource = ''): string[] {
  const suffix = subresource === '' ? '' : `/${subresource}`;
  return ['databasetokens', 'managementtokens'].map((plural) => `${plural}${suffix}.influxtokens.dev`);
}

function podTemplate(all = manifests): { metadata: object; spec: PodSpec } {
  const template = all.find(({ kind }) => kind === 'Deployment')?.spec?.template;
  if (template === undefined) throw new Error('there is no Deployment');
  return template;
}

async function render(folder: string): Promise<readonly Manifest[]> {
  const { stdout } = await succeed('kustomize', folder);
  return loadAll(stdout).filter(isManifest);
}

function isManifest(document: unknown): document is Manifest {
  return typeof document === 'object' && document !== null && 'kind' in document && 'metadata' in document;
}

function dryRun(object: object): Promise<KubectlResult> {
  return controlPlane.kubectl(['create', '--dry-run=server', '--filename=-'], { input: JSON.stringify(object) });
}

function kubectl(...args: readonly string[]): Promise<KubectlResult> {
  return controlPlane.kubectl(args);
}

async function succeed(...args: readonly string[]): Promise<KubectlResult> {
  const result = await kubectl(...args);
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  return result;
}
