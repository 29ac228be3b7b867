import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { systemClock } from '../../src/controller/clock.ts';
import { Elector } from '../../src/kubernetes/elector.ts';
import type { Lease } from '../../src/kubernetes/lease.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { sharedControlPlane, testNamespace } from '../controlplane/shared.ts';
import { waitFor } from '../wait.ts';
import { TIMING } from './elector-timing.ts';
import { connect } from './test-client.ts';

jest.setTimeout(60_000);

let controlPlane: ControlPlaneClient;
let namespace: string;
let lines: string[];
const started: Elector[] = [];
const children: ChildProcess[] = [];
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
});

beforeEach(async () => {
  namespace = await testNamespace(controlPlane, 'elector');
  lines = [];
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const elector of started.splice(0)) await elector.stop();
  for (const close of closers.splice(0)) await close();
});

async function candidate(identity: string, kubeconfig = controlPlane.adminKubeconfig): Promise<Elector> {
  const { client, close } = await connect(kubeconfig);
  closers.push(close);
  const write = (_: object, message: string) => void lines.push(message);
  const log = { debug: write, info: write, warn: write, error: write };
  const elector = new Elector({
    client,
    namespace,
    name: 'operator',
    identity,
    clock: systemClock,
    log,
    onElected: () => undefined,
    onLost: () => undefined,
    timing: TIMING,
  });
  started.push(elector);
  elector.start();
  return elector;
}

async function readLease(): Promise<Lease> {
  const { stdout } = await controlPlane.kubectl([
    'get',
    'lease',
    'operator',
    `--namespace=${namespace}`,
    '--output=json',
  ]);
  return JSON.parse(stdout);
}

test('of two candidates one leads, and hands over at once when it stops', async () => {
  const a = await candidate('a');
  await waitFor(() => a.leading, { what: 'a to lead' });
  const b = await candidate('b');
  await waitFor(() => lines.includes('Another process leads; standing by'), { what: 'b to see that a leads' });
  expect((await readLease()).spec).toMatchObject({
    holderIdentity: 'a',
    leaseDurationSeconds: TIMING.duration / 1_000,
    leaseTransitions: 0,
  });

  await a.stop();
  const released = Date.now();
  await waitFor(() => b.leading, { what: 'b to lead' });
  // By the next look, not by the end of the Lease.
  expect(Date.now() - released).toBeLessThan(TIMING.duration - TIMING.retry);
  expect((await readLease()).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
});

test('a leader that is killed is followed when its Lease has ended', async () => {
  const script = join(import.meta.dirname, 'elector-process.ts');
  const child = spawn(process.execPath, [script, controlPlane.adminKubeconfig, namespace], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  const b = await candidate('b');
  await waitFor(() => lines.includes('Another process leads; standing by'), { what: 'b to see the leader' });

  child.kill('SIGKILL');
  await once(child, 'exit');
  const last = (await readLease()).spec?.renewTime ?? '';
  await waitFor(() => b.leading, { what: 'b to lead' });
  // Both times are of this machine, so here, and only here, they can be compared.
  expect(Date.now() - Date.parse(last)).toBeGreaterThanOrEqual(TIMING.duration);
  expect((await readLease()).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
});

test('what others wrote into the Lease stays there', async () => {
  const a = await candidate('a');
  await waitFor(() => a.leading, { what: 'a to lead' });
  await controlPlane.kubectl(['label', 'lease', 'operator', `--namespace=${namespace}`, 'team=a']);
  const before = (await readLease()).spec?.renewTime;
  const renewed = await waitFor(
    async () => {
      const lease = await readLease();
      return lease.spec?.renewTime !== before && lease;
    },
    { what: 'a renewal' },
  );
  expect(renewed.metadata).toMatchObject({ labels: { team: 'a' } });
  expect(a.leading).toBe(true);
});

test('without permission it says what to grant, and leads as soon as exactly that is granted', async () => {
  const a = await candidate('a', await controlPlane.kubeconfigFor('candidate', []));
  await waitFor(() => lines.some((line) => line.startsWith('May not use Leases')), { what: 'the complaint' });
  expect(lines.at(-1)).toContain(`grant get, create and update on leases.coordination.k8s.io`);
  await controlPlane.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { namespace, name: 'elect' },
      rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace, name: 'elect' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'elect' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'candidate' }],
    },
  ]);
  await waitFor(() => a.leading, { what: 'a to lead' });
});
