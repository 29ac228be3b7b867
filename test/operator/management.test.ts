import { constants } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

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
  stage = await Stage.borrow({ influxctl: {} });
});

afterAll(async () => {
  await stage.stop();
});

const scene = (prefix: string, options: SceneOptions = {}): Promise<Scene> =>
  stage.scene(prefix, { kind: 'ManagementToken', ...options });

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

test.concurrent('while it is suspended nothing is run for it, whatever is asked for, and then it goes', async () => {
  const one = await scene('suspended');
  await one.apply('automation', { rotation: { overlap: '0s' } });
  await one.waitForReason('automation', 'Issued');
  const before = await one.secret('automation');
  await one.change('automation', { spec: { suspend: true, description: 'Another' } });
  await one.annotate('automation', { 'influxtokens.dev/rotate': 'monday' });
  expect((await one.waitForReason('automation', 'Suspended')).status).toBe('True');
  await one.delete('automation');
  await one.waitForMessage('automation', 'The deletion waits until spec.suspend is false, here and at the cluster.');
  expect(one.liveTokens()).toMatchObject([{ string: before.data['token'] }]);
  expect(one.requests('POST') + one.requests('DELETE')).toBe(1);
  await one.change('automation', { spec: { suspend: false } });
  await one.waitForEnd('automation');
  expect(one.liveTokens()).toEqual([]);
  expect(one.requests('POST')).toBe(1);
});

test.concurrent('a rotation after a leak revokes the old token as soon as the Secret is written', async () => {
  const one = await scene('leak');
  await one.apply('automation');
  await one.waitForReason('automation', 'Issued');
  const before = await one.secret('automation');
  await one.annotate('automation', { 'influxtokens.dev/rotate-immediately': 'leaked' });
  const after = await one.waitForAnotherToken('automation', before);
  await waitFor(() => one.liveTokens().length === 1, { what: 'the end of the leaked token' });
  expect(one.liveTokens()).toMatchObject([{ string: after.data['token'] }]);
});

// Not at the same time as others: what it looks at are all runs of the operator.
test('while it runs, neither argv nor environment of the command shows a secret, and no file outlives it', async () => {
  const detector = new LeakDetector();
  const one = await scene('looked-at', { simulator: { latency: 500 } });
  detector.add('the credential', one.simulator.adminToken);
  await one.apply('automation');
  const seen: string[] = [];
  const files: PrivateFile[] = [];
  await waitFor(
    async () => {
      for (const { argv, environment } of await childrenOf(stage.operator.pid)) seen.push(`${argv}\n${environment}`);
      files.push(...(await privateFiles(detector)));
      return seen.some((text) => text.includes('create')) && one.simulator.tokens().length > 0;
    },
    { what: 'the creation to be seen' },
  );
  await one.waitForReason('automation', 'Issued');
  detector.add('the token', one.simulator.tokens()[0]?.string ?? '');
  expect(detector.find(seen.join('\n'))).toEqual([]);
  // One file holds the credential, and only its owner may read that.
  expect(files.filter(({ secret }) => secret).length).toBeGreaterThan(0);
  for (const { path, mode } of files) {
    expect({ path, mode: mode.toString(8) }).toEqual({ path, mode: path.endsWith('/') ? '700' : '600' });
  }
  for (const { path, secret } of files.filter(isWritten)) {
    expect({ path, secret }).toEqual({ path, secret: path.endsWith('config.toml') });
  }
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

/** What somebody sees who looks into the operator's files while it runs. */
interface PrivateFile {
  readonly path: string;
  readonly mode: number;
  /** Whether it holds the credential; `undefined` for one that is not written yet. */
  readonly secret: boolean | undefined;
}

/** What is in the private directories now: each file and directory (its path then ends in a slash), and whether it holds a secret. */
function isWritten({ secret }: PrivateFile): boolean {
  return secret !== undefined;
}

async function privateFiles(detector: LeakDetector): Promise<readonly PrivateFile[]> {
  const found: PrivateFile[] = [];
  for (const directory of await privateDirectories()) {
    const entries = await readdir(join(stage.temporary, directory), { recursive: true }).catch(() => []);
    for (const name of ['', ...entries]) {
      const path = join(stage.temporary, directory, name);
      // A run may end while somebody looks.
      try {
        const { mode } = await stat(path);
        const isDirectory = (mode & constants.S_IFMT) === constants.S_IFDIR;
        const content = isDirectory ? undefined : await readFile(path, 'utf8');
        const secret = content === '' ? undefined : detector.find(content ?? '').length > 0;
        found.push({ path: isDirectory ? `${path}/` : path, mode: mode & 0o777, secret });
      } catch {
        continue;
      }
    }
  }
  return found;
}

async function configurations(): Promise<readonly string[]> {
  return (await readdir(stage.temporary, { recursive: true })).filter((name) => name.endsWith('config.toml'));
}

finale(() => stage);
