import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { MAIN, OPERATOR_NAMESPACE } from './operator-process.ts';
import { Stage } from './stage.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow();
});

afterAll(async () => {
  await stage.stop();
});

/** Runs it to its end, without an API server. */
async function run(...flags: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...flags], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

async function holder(): Promise<string> {
  const address = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespace: OPERATOR_NAMESPACE };
  const path = resourcePath({ ...address, name: 'influxtokens-operator' });
  const lease = await stage.kubernetes.request<{ spec: { holderIdentity?: string } }>({ method: 'GET', path });
  return lease.spec.holderIdentity ?? '';
}

test.concurrent('--help explains every flag, and --version is one line', async () => {
  const help = await run('--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const flag of ['--kubeconfig PATH', '--namespace NS', '--inventory-interval DURATION', '--influxctl PATH']) {
    expect(help.stdout).toContain(flag);
  }
  expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) });
});

test.concurrent.each([
  [['--inventory-interval=1d'], '--inventory-interval'],
  [['--workers=many'], '--workers'],
  [['--colour'], '--colour'],
  [['serve'], 'serve'],
])('flags that are wrong (%s) end it with 2 and one line that names them', async (flags, named) => {
  const { code, stdout, stderr } = await run(...flags);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr).toContain(named);
});

test.concurrent('a kubeconfig that is not there ends it with 1 and a line that says so', async () => {
  const { code, stdout } = await run('--kubeconfig=/nonexistent/kubeconfig');
  expect(code).toBe(1);
  expect(stdout).toContain('/nonexistent/kubeconfig');
});

test('it says that it is alive and ready, and counts what it does', async () => {
  const scene = await stage.scene('metrics');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');
  const { operator } = stage;
  expect(await operator.page('/healthz')).toMatchObject({ status: 200 });
  expect(await operator.page('/readyz')).toMatchObject({ status: 200, text: expect.stringContaining('[+]stores ok') });
  expect(await operator.metric('influxtokens_tokens_minted_total{kind="DatabaseToken"}')).toBe(1);
  expect(await operator.metric(`influxtokens_cluster_connected{cluster="${scene.cluster}"}`)).toBe(1);
  expect(await operator.metric('influxtokens_tokens{kind="DatabaseToken",reason="Issued"}')).toBe(1);
  expect(await operator.metric('influxtokens_leader')).toBe(1);
});

test('a second process stands by, ready, and takes over when the first ends and releases the Lease', async () => {
  const first = stage.operator;
  const leader = await holder();
  expect(leader).not.toBe('');
  const second = await stage.startOperator();
  expect(await second.page('/readyz')).toMatchObject({ status: 200 });
  expect(await second.metric('influxtokens_leader')).toBe(0);
  expect(await holder()).toBe(leader);

  const scene = await stage.scene('standby');
  await scene.apply('by-the-first');
  await scene.waitForReason('by-the-first', 'Issued');
  expect(await second.metric('influxtokens_tokens_minted_total{kind="DatabaseToken"}')).toBe(0);

  expect(await first.stop()).toBe('ended with exit code 0');
  await waitFor(async () => (await second.metric('influxtokens_leader')) === 1, { what: 'the second to lead' });
  expect(await holder()).not.toBe(leader);
  await scene.apply('by-the-second');
  await scene.waitForReason('by-the-second', 'Issued');
  expect(await second.metric('influxtokens_tokens_minted_total{kind="DatabaseToken"}')).toBe(1);
});

test('it ends in good order in the middle of its work, leaves the Lease to nobody, and the next one finishes', async () => {
  const scene = await stage.scene('busy', { simulator: { latency: 300 } });
  const names = Array.from({ length: 20 }, (_, index) => `token-${index}`);
  await Promise.all(names.map((name) => scene.apply(name)));
  await waitFor(() => scene.requests('POST') > 0, { what: 'the work to begin' });
  expect(await stage.operator.stop()).toBe('ended with exit code 0');
  expect(await holder()).toBe('');

  await stage.startOperator();
  await Promise.all(names.map((name) => scene.waitForReason(name, 'Issued')));
  expect(scene.liveTokens()).toHaveLength(names.length);
});

finale(() => stage);
