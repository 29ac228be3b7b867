import { execFile } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { startControlPlane, type ControlPlane } from '../../controlplane/control-plane.ts';
import { codeBlocks, ROOT, section } from '../../docs/markdown.ts';
import { Simulator } from '../../simulator/simulator.ts';
import { waitFor } from '../../wait.ts';
import { connectCluster, issueToken } from '../first-token.ts';
import { helmCommand } from '../helm/helm.ts';
import { Installation, VERSIONS, type Version } from './installation.ts';

jest.setTimeout(300_000);

const [NOW, LATER] = VERSIONS;
const PAGE = await readFile(join(ROOT, 'deploy/README.md'), 'utf8');
const TEAM = 'metrics';

let controlPlane: ControlPlane;
let simulator: Simulator;
let installation: Installation;

beforeAll(async () => {
  const helm = await helmCommand();
  controlPlane = await startControlPlane();
  installation = await Installation.prepare(controlPlane, [dirname(helm)]);
  await installation.kubectl('create', 'namespace', TEAM);
}, 1_800_000);

beforeEach(async () => {
  simulator = await Simulator.start({ databases: ['sensors'] });
});

afterEach(async () => {
  await simulator.stop();
});

afterAll(async () => {
  await installation.end();
  await controlPlane.stop();
});

/** The commands of a page's section, block by block. */
function blocks(title: string): readonly string[] {
  return codeBlocks('sh', section(title, PAGE));
}

const [, APPLY = '', ONE_FILE = '', HELM_INSTALL = ''] = blocks('Install');
const [APPLY_AGAIN = '', HELM_UPGRADE = '', HELM_ROLLBACK = ''] = blocks('Update');
const [DELETE_TOKENS = '', DELETE = '', HELM_UNINSTALL = ''] = blocks('Uninstall');

/** One way to install; every command is one that deploy/README.md shows. */
interface Way {
  readonly name: string;
  readonly install: string;
  readonly upgrade: string;
  /** In which checkout it goes back, and how. */
  readonly rollback: readonly [Version, string];
  readonly uninstall: string;
}

const WAYS: readonly Way[] = [
  { name: 'kustomize', install: APPLY, upgrade: APPLY_AGAIN, rollback: [NOW, APPLY_AGAIN], uninstall: DELETE },
  {
    name: 'Helm',
    install: HELM_INSTALL,
    upgrade: HELM_UPGRADE,
    rollback: [LATER, HELM_ROLLBACK],
    uninstall: HELM_UNINSTALL,
  },
];

test.each(WAYS)(
  '$name: from nothing to a Secret, to a later version and back without touching a token, and gone',
  async ({ install, upgrade, rollback, uninstall }) => {
    expect(await ours()).toEqual([]);
    const [rollout = '', ...applied] = install.trimEnd().split('\n').toReversed();
    expect(rollout).toContain('rollout status');
    await installation.run(NOW, applied.toReversed().join('\n'));
    const first = await installation.startPod();
    await installation.run(NOW, rollout);
    await connectCluster(controlPlane, simulator, TEAM);
    await issueToken(controlPlane, TEAM, 'first');
    const secret = await secretOf('first');
    expect(Buffer.from(secret.data.token, 'base64').toString()).toMatch(/^apiv1_/);

    // The later version stands by until the first one goes, as in a rolling update.
    const holders = [await installation.holder()];
    const tokens = simulator.tokens();
    await installation.run(LATER, upgrade);
    expect(await graceOfPods()).toBe(25);
    const second = await installation.startPod();
    expect(await installation.holder()).toBe(holders[0]);
    expect(await first.stop()).toBe('ended with exit code 0');
    holders.push(await installation.newHolder('', ...holders));
    await second.idle();

    const [version, command] = rollback;
    await installation.run(version, command);
    expect(await graceOfPods()).toBe(15);
    const third = await installation.startPod();
    expect(await second.stop()).toBe('ended with exit code 0');
    await installation.newHolder('', ...holders);
    await third.idle();
    expect(simulator.tokens()).toEqual(tokens);
    expect(await secretOf('first')).toEqual(secret);
    expect(await versionsAtWork()).toEqual(expect.arrayContaining([NOW, LATER]));
    await issueToken(controlPlane, TEAM, 'second');
    await issueToken(controlPlane, TEAM, 'kept', { deletionPolicy: 'Retain' });
    const kept = await secretOf('kept');

    await installation.run(NOW, DELETE_TOKENS);
    // The garbage collector takes the Secrets, and is slow to learn of kinds that are new to it.
    const collected = async (): Promise<boolean> => (await leftInTeam()).length === 1;
    await waitFor(collected, { what: 'the Secrets to go with their owners', timeout: 90_000 });
    expect(await leftInTeam()).toEqual(['secret/kept']);
    await installation.run(NOW, uninstall);
    await third.kill();
    expect(await ours()).toEqual([]);
    const live = simulator.tokens().filter(({ revokedAt }) => revokedAt === undefined);
    expect(live.map(({ description }) => description)).toEqual([expect.stringContaining(`${TEAM}/kept`)]);
    expect((await secretOf('kept')).data).toEqual(kept.data);
    await installation.kubectl('delete', 'secret', 'kept', `--namespace=${TEAM}`);
  },
);

test('the one file is the same as the folder', async () => {
  const [make = '', ...apply] = ONE_FILE.trimEnd().split('\n');
  const environment = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };
  await promisify(execFile)('sh', ['-c', make], { cwd: ROOT, env: environment });
  await mkdir(join(installation.folder(NOW), 'dist'));
  await cp(join(ROOT, 'dist/install.yaml'), join(installation.folder(NOW), 'dist/install.yaml'));
  await installation.run(NOW, apply.join('\n'));
  // Ends with exit code 1 where the API server has anything else.
  await installation.run(NOW, 'kubectl diff --server-side -k deploy');
  await installation.run(NOW, DELETE);
  expect(await ours()).toEqual([]);
});

interface Secret {
  readonly metadata: object;
  readonly data: Readonly<Record<'token', string>>;
}

async function secretOf(name: string): Promise<Secret> {
  const secret: Secret = JSON.parse(
    await installation.kubectl('get', 'secret', name, `--namespace=${TEAM}`, '--output=json'),
  );
  return secret;
}

async function graceOfPods(): Promise<number> {
  return (await installation.deployment()).spec.template.spec.terminationGracePeriodSeconds;
}

/** The versions that the API server was asked by. */
async function versionsAtWork(): Promise<readonly string[]> {
  const events = await controlPlane.auditEvents();
  const agents = events.map(({ userAgent = '' }) => /^influxdb-token-operator\/(\S+)/.exec(userAgent)?.[1] ?? '');
  return [...new Set(agents)];
}

async function leftInTeam(): Promise<readonly string[]> {
  const kinds = 'secrets,databasetokens.influxtokens.dev';
  const output = await installation.kubectl('get', kinds, `--namespace=${TEAM}`, '--output=name');
  return output.trim().split('\n');
}

/** What there is of ours that is in no namespace, ours among it. */
async function ours(): Promise<readonly string[]> {
  const kinds = [
    'namespaces',
    'clusterroles',
    'clusterrolebindings',
    'customresourcedefinitions',
    'validatingadmissionpolicies',
  ];
  const output = await installation.kubectl('get', kinds.join(','), '--output=name');
  return output.split('\n').filter((name) => name.includes('influxtokens'));
}
