import { readdir } from 'node:fs/promises';

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { LeakDetector } from './leaks.ts';
import { childrenOf } from './processes.ts';
import type { Scene, SceneOptions } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start({ influxctl: {} });
});

afterAll(async () => {
  await stage.stop();
});

const scene = (prefix: string, options: SceneOptions = {}): Promise<Scene> =>
  stage.scene(prefix, { kind: 'ManagementToken', ...options });

test.concurrent('a ManagementToken becomes a Secret, and costs what a DatabaseToken does', async () => {
  const one = await scene('issue');
  await one.waitForCluster('Connected');
  await one.apply('automation', { lifetime: '24h', secret: { keys: { token: 'TOKEN', url: 'URL', tokenID: 'ID' } } });
  await one.waitForReason('automation', 'Issued');
  const [issued] = one.simulator.tokens();
  const { data, metadata } = await one.secret('automation');
  expect(data).toEqual({ TOKEN: issued?.string, URL: one.simulator.dataURL, ID: issued?.id });
  expect(metadata.ownerReferences).toEqual([expect.objectContaining({ kind: 'ManagementToken', controller: true })]);
  expect(await one.accepts(data['TOKEN'])).toBe(true);
  expect((await one.token('automation')).status?.token).toMatchObject({ id: issued?.id });
  expect(issued?.expiresAt).toBe(Date.parse((await one.token('automation')).status?.token?.expiresAt ?? ''));
  expect(await one.writes()).toEqual([
    'patch managementtokens',
    'create secrets (dry run)',
    'create secrets',
    'patch managementtokens/status',
  ]);
  expect(one.requests('POST')).toBe(1);
});

test.concurrent('a changed description makes a successor, and the old token lives on for its overlap', async () => {
  const one = await scene('change');
  await one.apply('automation', { rotation: { overlap: '0s' } });
  await one.waitForReason('automation', 'Issued');
  const before = await one.secret('automation');
  await one.change('automation', { spec: { description: 'Another' } });
  const after = await one.waitForAnotherToken('automation', before);
  await one.waitForReason('automation', 'Issued');
  await waitFor(() => one.liveTokens().length === 1, { what: 'the end of the old token' });
  expect(one.liveTokens()[0]).toMatchObject({ string: after.data['token'] });
  expect(one.liveTokens()[0]?.description).toMatch(/^Another \[/);
});

test.concurrent('one whose list lags is issued once, and revoked when it goes', async () => {
  const one = await scene('lag', { simulator: { managementLag: 1_500 } });
  await one.apply('automation');
  await one.waitForReason('automation', 'Issued');
  expect(one.simulator.tokens()).toHaveLength(1);
  await one.delete('automation');
  await one.waitForEnd('automation');
  expect(one.liveTokens()).toEqual([]);
});

test.concurrent('without a rule that says so for the namespace by name, none is issued', async () => {
  const one = await scene('denied');
  const names = [one.namespace];
  await one.changeCluster({
    spec: { access: [{ name: 'data', namespaces: { names }, databases: ['*'], actions: ['read'] }] },
  });
  await one.apply('automation');
  const denied = await one.waitForReason('automation', 'AccessDenied');
  expect(denied.message).toContain('does not allow ManagementTokens');
  expect(one.simulator.tokens()).toEqual([]);
});

test.concurrent('a cluster that no user has logged in to says so, and is tried again', async () => {
  const one = await scene('oauth', { simulator: { loggedIn: false } });
  await one.apply('automation');
  const refused = await one.waitForReason('automation', 'InvalidSpec');
  expect(refused.message).toContain('logged in to the cluster through OAuth');
  one.simulator.configure({ loggedIn: true });
  await one.waitForReason('automation', 'Issued');
  expect(one.simulator.tokens()).toHaveLength(1);
});

// Not at the same time as others: what it looks at are all runs of the operator.
test('while it runs, neither argv nor environment of the command shows a secret, and no file outlives it', async () => {
  const detector = new LeakDetector();
  const one = await scene('looked-at', { simulator: { latency: 500 } });
  detector.add('the credential', one.simulator.adminToken);
  await one.apply('automation');
  const seen: string[] = [];
  await waitFor(
    async () => {
      for (const { argv, environment } of await childrenOf(stage.operator.pid)) seen.push(`${argv}\n${environment}`);
      return seen.some((text) => text.includes('create')) && one.simulator.tokens().length > 0;
    },
    { what: 'the creation to be seen' },
  );
  await one.waitForReason('automation', 'Issued');
  detector.add('the token', one.simulator.tokens()[0]?.string ?? '');
  expect(detector.find(seen.join('\n'))).toEqual([]);
  await stage.operator.stop();
  expect(await privateDirectories()).toEqual([]);
  await stage.startOperator();
});

test('the configuration that kill -9 leaves behind is swept at the next start', async () => {
  const one = await scene('killed', { simulator: { latency: 2_000 } });
  await one.apply('automation');
  await waitFor(async () => (await configurations()).length > 0, { what: 'a configuration' });
  await stage.operator.kill();
  const left = await privateDirectories();
  expect(left).toHaveLength(1);
  one.simulator.configure({ latency: 0 });
  await stage.startOperator();
  expect(await privateDirectories()).not.toContain(left[0]);
  await one.waitForReason('automation', 'Issued');
});

/** One of each operator that has run influxctl and has not tidied up. */
async function privateDirectories(): Promise<readonly string[]> {
  return (await readdir(stage.temporary)).filter((name) => /^influxtokens-\d+-/.test(name));
}

async function configurations(): Promise<readonly string[]> {
  return (await readdir(stage.temporary, { recursive: true })).filter((name) => name.endsWith('config.toml'));
}

finale(() => stage);
