import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import { HOW_RUN } from './commands.ts';
import { codeBlocks, commandsInSentences, page, pages } from './markdown.ts';
import { Reader } from './reader.ts';

jest.setTimeout(240_000);

const HERE = 'test/docs/guides.test.ts';

/** What the guides take for granted: the InfluxDBCluster, and the namespaces that it lets ask. */
const PRODUCTION = `
apiVersion: influxtokens.dev/v1alpha1
kind: InfluxDBCluster
metadata: { name: production }
spec:
  product: Clustered
  url: https://influxdb.example.com
  credentials:
    secretRef: { name: influxdb-admin, key: token }
  access:
    - { name: metrics, namespaces: { names: [metrics] }, databases: [sensors], actions: [read] }
    - { name: platform, namespaces: { names: [platform] }, managementTokens: Allow, maxLifetime: 168h }
    - { name: operator, namespaces: { names: [influxtokens-system] }, managementTokens: Allow }
`;

/** An application with its token in the environment; there is no node for its pods. */
const APPLICATION = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: telegraf, namespace: metrics }
spec:
  selector: { matchLabels: { app: telegraf } }
  template:
    metadata: { labels: { app: telegraf } }
    spec: { containers: [{ name: telegraf, image: telegraf }] }
`;

let reader: Reader;

// The tests follow on each other, as one and the same person would go through the guides.
beforeAll(async () => {
  reader = await Reader.sitsDown();
  await reader.types([
    'kubectl apply --server-side -k deploy',
    ...['metrics', 'platform', 'influxdb'].map((name) => `kubectl create namespace ${name}`),
  ]);
  await reader.getsAnOperator(['--inventory-interval=2s']);
  await applies(PRODUCTION, APPLICATION);
}, 120_000);

afterAll(() => reader.leaves());

async function applies(...manifests: readonly string[]): Promise<void> {
  await reader.saves('manifests.yaml', manifests.join('---\n'));
  await reader.types(['kubectl apply -f manifests.yaml']);
}

function token(name: string): string {
  return `
apiVersion: influxtokens.dev/v1alpha1
kind: DatabaseToken
metadata: { name: ${name}, namespace: metrics }
spec:
  clusterRef: { name: production }
  permissions: [{ action: read, resource: sensors }]
`;
}

/** Applies DatabaseTokens in `metrics` and waits until they are issued. */
async function hasTokens(...names: readonly string[]): Promise<void> {
  await applies(...names.map(token));
  await reader.types(names.map((name) => `kubectl -n metrics wait databasetoken/${name} --for=condition=Ready`));
}

/** The blocks of a page, in order. */
async function blocks(language: string, path: string): Promise<string[]> {
  return codeBlocks(language, (await page(`docs/guides/${path}`)).text);
}

/** The strings of the tokens that are not revoked; of one kind, if it is told. */
function alive(kind?: 'database' | 'management'): (string | undefined)[] {
  return reader.simulator
    .tokens()
    .filter(({ revokedAt }) => revokedAt === undefined)
    .filter(({ management }) => kind === undefined || (management === true) === (kind === 'management'))
    .map(({ string }) => string);
}

/** The token string in a Secret. */
async function secret(name: string, namespace = 'metrics'): Promise<string> {
  return reader.types([`kubectl -n ${namespace} get secret ${name} -o jsonpath='{.data.token}' | base64 -d`]);
}

/** Waits until kubectl would restart a Deployment again: it marks a restart by the second, and refuses the same mark twice. */
async function anotherRestartIsTaken(deployment: string): Promise<void> {
  const marked = `jsonpath='{.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}'`;
  const last = Date.parse(await reader.types([`kubectl -n metrics get deployment ${deployment} -o ${marked}`]));
  await waitFor(() => Date.now() >= last + 1_000, { what: 'the second after the last restart' });
}

/** Waits until so many tokens of databases are alive, and no more. */
async function becomesAlive(count: number): Promise<void> {
  await waitFor(() => alive('database').length === count, { what: `${count} tokens to be alive`, timeout: 60_000 });
}

test('the operator’s own credential is put there, taken out of a document, replaced and rotated', async () => {
  const path = 'operator-credential.md';
  const [create = '', extract = '', replace = '', apply = '', switchTo = '', rotate = '', back = ''] = await blocks(
    'sh',
    path,
  );
  const [, object = ''] = await blocks('yaml', path);
  await reader.types([create, 'kubectl wait influxdbcluster production --for=condition=Ready']);

  const document = JSON.stringify({ access_token: reader.simulator.adminToken, description: 'admin' });
  await reader.types([`kubectl -n influxdb create secret generic admin-token --from-literal=token='${document}'`]);
  await reader.types([extract]);
  expect((await reader.reads('management-token.txt')).trim()).toBe(reader.simulator.adminToken);

  // The former is still taken, as the guide says: it is revoked only after it was replaced.
  const another = reader.simulator.createToken({ description: 'Another one made by hand', management: true });
  await reader.saves('management-token.txt', another.string ?? '');
  await reader.types([replace]);
  reader.simulator.adminToken = 'withdrawn';
  await hasTokens('telegraf');

  await reader.saves('operator-credential.yaml', object);
  await reader.types([apply]);
  await reader.types([switchTo]);
  const before = await secret('influxdb-admin-rotated', 'influxtokens-system');
  await reader.types([rotate]);
  await waitFor(async () => (await secret('influxdb-admin-rotated', 'influxtokens-system')) !== before, {
    what: 'the rotation of the credential',
  });
  await hasTokens('collector');

  await reader.types([back]);
  await reader.types(['kubectl wait influxdbcluster production --for=condition=Ready']);
  await hasTokens('reporter');
});

test('a management token is asked for', async () => {
  const path = 'management-tokens.md';
  const all = await blocks('sh', path);
  const ask = all.find((block) => block.includes('automation.yaml')) ?? '';
  const object = (await blocks('yaml', path)).find((block) => block.includes('kind: ManagementToken')) ?? '';
  await reader.saves('automation.yaml', object.replace('spec:\n', 'spec:\n  clusterRef: { name: production }\n'));
  await reader.types([ask]);
  expect(alive()).toContain(await secret('automation', 'platform'));
  await reader.types(['kubectl -n platform delete managementtoken automation']);
});

test('Argo CD is given the health checks, beside what its ConfigMap holds already', async () => {
  const [patch = ''] = await blocks('sh', 'argocd.md');
  await reader.types([
    'kubectl create namespace argocd',
    'kubectl -n argocd create configmap argocd-cm --from-literal=url=https://argocd.example.com',
    patch,
  ]);
  const { data }: { data: object } = JSON.parse(
    await reader.types(['kubectl -n argocd get configmap argocd-cm -o json']),
  );
  expect(Object.keys(data)).toEqual(
    expect.arrayContaining(['url', 'resource.customizations.health.influxtokens.dev_DatabaseToken']),
  );
});

test('what is told in a sentence to be looked at can be looked at', async () => {
  const told = (await pages())
    .flatMap(commandsInSentences)
    .filter((command) => /^kubectl (-n \S+ )?(get|describe) /.test(command));
  const here = new Set(told.map((command) => command.replace(/(influxdbcluster) (default|<name>)$/, '$1 production')));
  await reader.types([...here]);
  expect(here.size).toBeGreaterThan(5);
});

test('a token is rotated, alone and with all others, and at once after a leak', async () => {
  const [restart = '', overlap = '', rotate = '', rotateAll = '', leak = '', events = ''] = await blocks(
    'sh',
    'rotation.md',
  );
  await reader.types([restart]);
  expect(await reader.types([overlap])).toBe('');
  const [first, collector] = [await secret('telegraf'), await secret('collector')];
  await anotherRestartIsTaken('telegraf');
  await reader.types([rotate]);
  expect(await reader.types([overlap])).toContain('revokeAfter');
  const second = await secret('telegraf');
  expect(second).not.toBe(first);
  expect(alive()).toEqual(expect.arrayContaining([first, second]));

  await reader.types([rotateAll]);
  await waitFor(async () => (await secret('collector')) !== collector, { what: 'the rotation of the others' });

  const leaked = await secret('telegraf');
  await anotherRestartIsTaken('telegraf');
  // Whoever restarts on it comes up with the new token.
  reader.simulator.configure({ activationDelay: 2_000 });
  await reader.types([leak]);
  reader.simulator.configure({ activationDelay: 0 });
  expect(await secret('telegraf')).not.toBe(leaked);
  await waitFor(() => !alive().includes(leaked), { what: 'the end of the leaked token' });
  const told = await waitFor(
    async () => {
      const printed = await reader.types([events]);
      return printed.includes('Revoked') && printed;
    },
    { what: 'the Event Revoked' },
  );
  expect(told).toContain('Rotated');
});

test('a dead cluster is let go, for one object and for all', async () => {
  const [waiting = '', one = '', all = '', again = ''] = await blocks('sh', 'dead-cluster.md');
  const gone = (name: string): Promise<string> =>
    reader.types([`kubectl -n metrics wait databasetoken/${name} --for=delete`]);
  const lost = new Set<string | undefined>([await secret('telegraf'), await secret('collector')]);
  await reader.simulator.down();
  await reader.types(['kubectl -n metrics delete databasetoken telegraf collector --wait=false']);
  expect(await reader.types([waiting])).toMatch(/^metrics +telegraf +\d{4}-\S+ +\S{36}$/m);

  await reader.types([one]);
  await gone('telegraf');
  expect(await reader.types([waiting])).toMatch(/^metrics +collector +\d{4}-\S+ +\S{36}$/m);
  await reader.types([all]);
  await gone('collector');

  // It was not dead after all.
  await reader.simulator.up();
  await reader.types([again]);
  await waitFor(() => !alive().some((string) => lost.has(string)), {
    what: 'the tokens that were let go to be revoked',
    timeout: 60_000,
  });
});

test('after a restore the brake holds until somebody has looked', async () => {
  const [look = '', release = ''] = await blocks('sh', 'restore-and-clone.md');
  const names = ['telegraf', ...Array.from({ length: 7 }, (_, at) => `restored-${at}`)];
  await hasTokens(...names);
  const former = await Promise.all(names.map((name) => secret(name)));
  const before = alive('database').length;

  // A backup tool that puts everything back under new UIDs, while the operator is away.
  const suspend = (value: boolean): string =>
    `kubectl patch influxdbcluster production --type merge --patch '{"spec":{"suspend":${value}}}'`;
  const all = names.map((name) => `databasetoken/${name}`).join(' ');
  await reader.types([
    suspend(true),
    'kubectl wait influxdbcluster production --for=jsonpath=\'{.status.conditions[?(@.type=="Ready")].reason}\'=Suspended',
    `kubectl -n metrics delete ${all} --wait=false`,
    `kubectl -n metrics patch ${all} --type merge --patch '{"metadata":{"finalizers":null}}'`,
  ]);
  await applies(...names.map(token));
  await reader.types([suspend(false)]);

  const held = await waitFor(() => reader.types([look]), { what: 'the brake to hold' });
  expect(held).toContain(`${names.length} of `);
  await reader.types(
    names.map((name) => `kubectl -n metrics wait databasetoken/${name} --for=condition=Ready --timeout=90s`),
  );
  const restored = await Promise.all(names.map((name) => secret(name)));
  expect(alive()).toEqual(expect.arrayContaining([...former, ...restored]));
  await reader.types([release]);
  await becomesAlive(before);
  expect(alive()).toEqual(expect.arrayContaining(restored));
});

test('a token is waited for, also after a change and until it is gone', async () => {
  const [wait = '', changed = ''] = await blocks('sh', 'flux.md');
  const [forToken = '', forCluster = '', forEnd = ''] = wait.trimEnd().split('\n');
  await reader.types([forToken, forCluster]);
  const string = await secret('telegraf');
  await reader.types([
    'kubectl -n metrics patch databasetoken telegraf --type merge --patch \'{"spec":{"description":"another"}}\'',
    changed,
  ]);
  const token = reader.simulator.tokens().find((one) => one.string === string);
  expect(token?.description).toMatch(/^another /);
  await reader.types(['kubectl -n metrics delete databasetoken telegraf --wait=false', forEnd]);
  expect(alive()).not.toContain(string);
  // The garbage collector takes the Secret, and is slow to learn of kinds that are new to it.
  await reader.types(['kubectl -n metrics wait secret/telegraf --for=delete --timeout=90s']);
  await hasTokens('telegraf');
});

test('the operator is uninstalled, and what was to be kept is kept', async () => {
  const [keep = '', remove = '', uninstall = ''] = await blocks('sh', 'uninstalling.md');
  const kept = await secret('telegraf');
  const credential = await secret('influxdb-admin-rotated', 'influxtokens-system');
  expect(await reader.types([keep])).toMatch(/condition met\n$/);
  await reader.types([remove]);
  await becomesAlive(1);
  expect(alive()).toEqual(expect.arrayContaining([kept, credential]));
  await reader.types([uninstall]);
  expect(await secret('telegraf')).toBe(kept);
  expect(await reader.types(['kubectl get crds,namespaces,clusterroles --output name'])).not.toContain('influxtokens');
});

test('every command that is said to be run here was typed', () => {
  const said = Object.values(HOW_RUN).flatMap((of) => Object.entries(of).filter(([, how]) => how === HERE));
  expect(said.map(([command]) => command).filter((command) => !reader.typed.has(command))).toEqual([]);
  expect(said.length).toBeGreaterThan(20);
});
