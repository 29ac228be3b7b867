import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

import { waitFor } from '../wait.ts';
import { controlPlaneAssets } from './assets.ts';
import type { Connection, ControlPlaneClient, ProcessIds } from './control-plane-client.ts';
import { startControlPlane } from './control-plane.ts';
import { sharedControlPlane, testNamespace } from './shared.ts';

jest.setTimeout(60_000);

function configMap(namespace: string, name: string, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, ...metadata }, data: { key: 'value' } };
}

/** Of the processes, those that still run. Asked of ps, because a signal also reaches a dead process that nobody has reaped. */
async function alive(processes: ProcessIds): Promise<string[]> {
  const states = await Promise.all(
    Object.entries(processes).map(async ([name, pid]) => {
      const answer = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
      return /^[^Z\s]/.test(answer.stdout.trim()) ? [name] : [];
    }),
  );
  return states.flat();
}

describe('the control plane of a test run', () => {
  let controlPlane: ControlPlaneClient;
  let namespace: string;

  beforeAll(async () => {
    controlPlane = await sharedControlPlane();
    namespace = await testNamespace(controlPlane, 'control-plane');
  });

  test('serves the release that kubectl is from', async () => {
    const { stdout } = await controlPlane.kubectl(['version', '--output=json']);
    const { serverVersion, clientVersion } = JSON.parse(stdout);
    expect(serverVersion.gitVersion).toMatch(/^v1\.[1-9]/);
    expect(serverVersion.gitVersion).toBe(clientVersion.gitVersion);
  });

  test('records who created what', async () => {
    const kubeconfig = await controlPlane.kubeconfigFor('a "careful" creator', ['system:masters']);
    await controlPlane.kubectl(['create', 'configmap', 'recorded', `--namespace=${namespace}`], { kubeconfig });
    const event = await waitFor(
      async () => {
        const [found] = await controlPlane.auditEvents(
          ({ verb, objectRef }) =>
            verb === 'create' && objectRef?.namespace === namespace && objectRef.name === 'recorded',
        );
        return found;
      },
      { what: 'the creation to be in the audit log' },
    );
    expect(event).toMatchObject({
      stage: 'ResponseComplete',
      user: { username: 'a "careful" creator' },
      userAgent: expect.stringMatching(/^kubectl/),
      objectRef: { resource: 'configmaps' },
      responseStatus: { code: 201 },
    });
  });

  test('lets a user do what RBAC grants, and nothing else', async () => {
    const kubeconfig = await controlPlane.kubeconfigFor('reader', ['readers']);
    const read = ['get', 'configmaps', `--namespace=${namespace}`];
    const before = await controlPlane.kubectl(read, { kubeconfig });
    expect(before.code).toBe(1);
    expect(before.stderr).toContain('User "reader" cannot list resource "configmaps"');

    await controlPlane.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: readers, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: readers }]
`);
    await waitFor(async () => (await controlPlane.kubectl(read, { kubeconfig })).code === 0, {
      what: 'the binding to take effect',
    });
    const write = ['create', 'configmap', 'forbidden', `--namespace=${namespace}`];
    expect((await controlPlane.kubectl(write, { kubeconfig })).stderr).toContain('cannot create resource "configmaps"');
  });

  test('knows a service account by its token', async () => {
    await controlPlane.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'robot' } });
    const kubeconfig = await controlPlane.kubeconfigForServiceAccount(namespace, 'robot');
    const { stdout } = await controlPlane.kubectl(['auth', 'whoami', '--output=json'], { kubeconfig });
    expect(JSON.parse(stdout).status.userInfo.username).toBe(`system:serviceaccount:${namespace}:robot`);
  });

  test('says why a manifest is refused', async () => {
    await expect(controlPlane.apply(configMap(namespace, 'Not_A_Name'))).rejects.toThrow(
      'metadata.name: Invalid value',
    );
  });

  test('collects what the deleted object owned', async () => {
    await controlPlane.apply(configMap(namespace, 'owner'));
    const { stdout: uid } = await controlPlane.kubectl([
      'get',
      'configmap/owner',
      `--namespace=${namespace}`,
      '--output=jsonpath={.metadata.uid}',
    ]);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    await controlPlane.apply([configMap(namespace, 'owned', { ownerReferences }), configMap(namespace, 'free')]);
    await controlPlane.kubectl(['delete', 'configmap/owner', `--namespace=${namespace}`]);
    await waitFor(
      async () => {
        const { stdout } = await controlPlane.kubectl([
          'get',
          'configmaps',
          `--namespace=${namespace}`,
          '--output=name',
        ]);
        return stdout.includes('configmap/free') && !stdout.includes('configmap/owned');
      },
      { what: 'the owned object, and only that, to go' },
    );
  });

  test('ends a namespace with all that is in it', async () => {
    const doomed = await testNamespace(controlPlane, 'doomed');
    await controlPlane.apply(configMap(doomed, 'within'));
    const { code } = await controlPlane.kubectl(['delete', 'namespace', doomed, '--wait', '--timeout=30s']);
    expect(code).toBe(0);
  });
});

describe('a control plane of one test', () => {
  test('keeps data and address while its API server is away, and leaves nothing behind when stopped', async () => {
    const controlPlane = await startControlPlane();
    const { server, directory, processes } = controlPlane;
    try {
      await controlPlane.apply(configMap('default', 'lasting'));
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await controlPlane.stopAPIServer(signal);
        expect(await alive(controlPlane.processes)).toEqual(['etcd', 'controllerManager']);
        await controlPlane.startAPIServer();
      }
      expect(controlPlane.server).toBe(server);
      expect(controlPlane.processes.apiServer).not.toBe(processes.apiServer);
      expect((await controlPlane.kubectl(['get', 'configmap/lasting'])).code).toBe(0);
    } finally {
      await controlPlane.stop();
    }
    expect(await alive(processes)).toEqual([]);
    expect(await alive(controlPlane.processes)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  test('is gone with a process that was killed without warning', async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'control-plane.ts'));
    const script = `
      const { startControlPlane } = await import(${module});
      const controlPlane = await startControlPlane();
      console.log(JSON.stringify(await controlPlane.connection()));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: owner.stdout }), 'line');
    const { directory, processes }: Connection = JSON.parse(line);
    expect(await alive(processes)).toHaveLength(3);

    owner.kill('SIGKILL');
    await waitFor(async () => (await alive(processes)).length === 0, { what: 'the processes to end' });
    await waitFor(() => !existsSync(directory), { what: 'the folder to be removed' });
  });

  test('says with the words of the process why it cannot start', async () => {
    await expect(startControlPlane({ apiServerFlags: ['--no-such-flag'] })).rejects.toThrow(
      /kube-apiserver ended with exit code 1; [^]*unknown flag: --no-such-flag/,
    );
  });
});

describe('the programs of the control plane', () => {
  let cache: string;

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'influxtokens-cache-'));
  });
  afterAll(() => rm(cache, { recursive: true }));

  test('without Go to build them, one is told what to install or to set', async () => {
    const attempt = controlPlaneAssets(() => undefined, { PATH: cache, XDG_CACHE_HOME: cache });
    await expect(attempt).rejects.toThrow(
      'control plane: there is no working `go` on the PATH to build it with: install Go 1.21 or later (https://go.dev/dl), ' +
        'or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager, kubectl',
    );
  });

  test('assets that lack a program are not used, and that is said', async () => {
    const lines: string[] = [];
    const environment = { PATH: cache, XDG_CACHE_HOME: cache, KUBEBUILDER_ASSETS: cache };
    await expect(controlPlaneAssets((line) => lines.push(line), environment)).rejects.toThrow(
      'there is no working `go`',
    );
    expect(lines).toEqual([expect.stringContaining('has no etcd, no kube-apiserver, no kube-controller-manager')]);
  });
});
