import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { REQUESTS } from '../../src/resources/group.ts';
import { LEDGER } from '../../src/tokens/ledger.ts';
import { deleteAt, mergeInto, orUndefined, paths } from '../operator/objects.ts';
import { forbid } from '../operator/policies.ts';
import { waitFor } from '../wait.ts';
import { nothing, prepare } from './convergence.ts';
import { leaks, violations } from './invariants.ts';
import { missing, scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';
import type { Trial } from './trial.ts';

jest.setTimeout(180_000);

const issue = scenario('issue');
let theatre: Theatre;

beforeAll(async () => {
  theatre = await Theatre.start(['--no-leader-elect', '--inventory-interval=2s']);
});

beforeEach(() => theatre.startOperator());

afterEach(async () => {
  const leaked = await leaks(theatre.stage);
  await theatre.clear();
  if (leaked.length > 0) throw new Error(leaked.join('\n'));
});

afterAll(() => theatre.stop());

/** Waits until all objects are issued, or at another end, as if nothing had been, and then for rest. */
async function allIssued(trial: Trial, most: ReadonlyMap<string, number>, end = issue): Promise<void> {
  const names = [...most.keys()];
  const wrong = async (): Promise<readonly string[]> => {
    const left = await Promise.all(names.map((name) => missing(end, trial, name)));
    return [...left.filter((words) => words !== undefined), ...(await violations(trial, most))];
  };
  await nothing(wrong, `${names.length} tokens to be issued`);
  await trial.rest();
  expect(await wrong()).toEqual([]);
}

/** The same bound for all. */
function each(names: readonly string[], made: number): ReadonlyMap<string, number> {
  return new Map(names.map((name) => [name, made]));
}

function many(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `burst-${index}`);
}

test('an API server that crashes in the middle of a burst costs at most one token for each object', async () => {
  const trial = await theatre.trial('apiserver');
  const { controlPlane } = theatre.stage;
  const names = many(60);
  await theatre.crash();
  await Promise.all(names.map((name) => issue.act(trial, name)));
  const armed = trial.influxdb.strike({
    matches: ({ name }) => name === 'POST tokens',
    skip: 20,
    forward: true,
    answer: 'whole',
    meanwhile: () => controlPlane.stopAPIServer('SIGKILL'),
  });
  await theatre.startOperator();
  await armed.struck;
  await controlPlane.startAPIServer();
  await allIssued(trial, each(names, 2));
});

test.each([
  { how: 'they go on', end: (): void => theatre.kubernetes.thawWatches() },
  {
    // What was held back is lost with them.
    how: 'they are cut and begun anew',
    end: (): void => {
      theatre.kubernetes.cutWatches();
      theatre.kubernetes.thawWatches();
    },
  },
])('what happens while all watches are frozen is found out when $how', async ({ end }) => {
  const trial = await theatre.trial('frozen');
  await Promise.all(['kept', 'unsecret', 'anew', 'deleted'].map((name) => prepare(scenario('unsecret'), trial, name)));
  theatre.kubernetes.freezeWatches();
  await trial.scene.deleteSecret('unsecret');
  // Removing the finalizer is the only way past the operator, which sees nothing.
  await trial.scene.change('anew', { metadata: { finalizers: [] } });
  await trial.scene.delete('anew');
  await trial.scene.waitForEnd('anew');
  await issue.act(trial, 'anew');
  await trial.scene.delete('deleted');
  await issue.act(trial, 'new');
  await trial.rest();
  end();
  await trial.scene.waitForEnd('deleted');
  // The end of the Secret of the former "anew" may arrive before its own: then it is issued once more.
  await allIssued(trial, new Map(Object.entries({ kept: 1, unsecret: 2, new: 1, anew: 3 })));
});

test('a namespace that is deleted in the middle of an issue takes no token with it into the dark', async () => {
  const trial = await theatre.trial('ending');
  const { stage, namespace } = trial.scene;
  const phase = async (): Promise<string | undefined> => {
    const found = stage.kubernetes.request<{ status: { phase: string } }>({
      method: 'GET',
      path: paths.namespace(namespace),
    });
    return (await orUndefined(found))?.status.phase;
  };
  const armed = trial.influxdb.strike({
    matches: ({ name }) => name === 'POST tokens',
    forward: true,
    answer: 'whole',
    meanwhile: async () => {
      await deleteAt(stage.kubernetes, paths.namespace(namespace));
      await waitFor(async () => (await phase()) === 'Terminating', { what: 'the namespace to be terminating' });
    },
  });
  await issue.act(trial, 'late');
  await armed.struck;
  await waitFor(async () => (await phase()) === undefined, { what: 'the end of the namespace', timeout: 60_000 });
  await waitFor(() => trial.markedTokens().length === 0, { what: 'its token to be revoked' });
  expect(trial.tokensOf('late')).toHaveLength(1);
});

test('a credential that is revoked in the middle of a burst and then replaced costs no token', async () => {
  const trial = await theatre.trial('credential');
  const { scene } = trial;
  await scene.waitForCluster('Connected');
  const names = many(30);
  const armed = trial.influxdb.strike({
    matches: ({ name }) => name === 'POST tokens',
    skip: 10,
    forward: true,
    answer: 'whole',
    meanwhile: async () => (scene.simulator.adminToken = 'a-new-credential'),
  });
  await Promise.all(names.map((name) => issue.act(trial, name)));
  await armed.struck;
  await scene.waitForCluster('CredentialsRejected');
  await scene.createCredential();
  await allIssued(trial, each(names, 1));
});

/** What begins to stand in the way of a Secret after its dry run has passed; the result removes it. */
const HINDRANCES: readonly { title: string; hinder: (trial: Trial) => Promise<() => Promise<unknown>> }[] = [
  { title: 'an admission policy', hinder: ({ scene }) => forbid(scene, 'CREATE', 'secrets', 'no more Secrets here') },
  { title: 'a full quota', hinder: exhaust },
];

test.each(HINDRANCES)('$title that comes after the mint costs no second token', async ({ hinder }) => {
  const trial = await theatre.trial('hindered');
  await trial.scene.waitForCluster('Connected');
  let release: () => Promise<unknown> = async () => undefined;
  trial.kubernetes.strike({
    matches: (call) => call.name === 'POST secrets' && trial.concerns(call, 'hindered'),
    first: async () => (release = await hinder(trial)),
    forward: true,
    answer: 'whole',
  });
  await issue.act(trial, 'hindered');
  await trial.scene.waitForReason('hindered', 'SecretRejected');
  await release();
  await allIssued(trial, each(['hindered'], 1));
});

async function exhaust({ scene }: Trial): Promise<() => Promise<unknown>> {
  const { stage, namespace } = scene;
  const set = (secrets: string): Promise<void> =>
    scene.applyOther({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'secrets', namespace },
      spec: { hard: { secrets } },
    });
  await set('1');
  const used = ['get', 'quota', 'secrets', `--namespace=${namespace}`, '--output=jsonpath={.status.used.secrets}'];
  await waitFor(async () => (await stage.kubectl(...used)) === '1', { what: 'the quota to be counted' });
  return () => set('10');
}

test.each([{ while: 'running' }, { while: 'away' }])(
  'a forged status and a forged Secret do not have the token of another revoked, forged with the operator $while',
  async ({ while: state }) => {
    const trial = await theatre.trial('forged');
    await Promise.all(['victim', 'thief'].map((name) => prepare(scenario('leak'), trial, name)));
    const [victim] = trial.tokensOf('victim');
    const id = victim?.id ?? '';
    if (state === 'away') await theatre.crash();
    const { kubernetes } = theatre.stage;
    const path = `${paths.token(trial.scene.namespace, 'thief')}/status`;
    await mergeInto(kubernetes, path, {
      status: { token: { id }, superseded: [{ id, revokeAfter: '2020-01-01T00:00:00Z' }] },
    });
    const superseded = JSON.stringify([{ id, revokeAfter: '2020-01-01T00:00:00Z' }]);
    await trial.scene.changeSecret('thief', {
      metadata: { annotations: { [LEDGER.superseded]: superseded, [LEDGER.tokenID]: id } },
    });
    await trial.scene.annotate('thief', { [REQUESTS.rotateImmediately]: 'now' });
    if (state === 'running') await trial.rest();
    await trial.scene.delete('thief');
    if (state === 'away') await theatre.startOperator();
    await trial.scene.waitForEnd('thief');
    await allIssued(trial, each(['victim'], 1));
    expect(trial.tokensOf('thief').filter(({ revokedAt }) => revokedAt === undefined)).toEqual([]);
  },
);

test('a token that is edited by hand in the moment between the look at its Secret and the rewrite is replaced', async () => {
  const trial = await theatre.trial('edited');
  const rotation = scenario('rotate');
  await prepare(rotation, trial, 'edited');
  // The first swap writes the successor; the second strikes what it replaced off the ledger, and leaves the string alone.
  const armed = trial.kubernetes.strike({
    matches: (call) => call.name === 'PATCH secrets' && trial.concerns(call, 'edited'),
    skip: 1,
    first: () => trial.scene.changeSecret('edited', { data: { token: 'bWluZQ==' } }),
    forward: true,
    answer: 'whole',
  });
  await rotation.act(trial, 'edited');
  await armed.struck;
  await allIssued(trial, each(['edited'], 3), rotation);
  expect(trial.tokensOf('edited')).toHaveLength(3);
});

test('a Secret that has lost its labels is still the one, and gets them back', async () => {
  const trial = await theatre.trial('stripped');
  await Promise.all(['here', 'away'].map((name) => prepare(scenario('leak'), trial, name)));
  const strip = (name: string): Promise<void> =>
    trial.scene.changeSecret(name, { metadata: { labels: { 'influxtokens.dev/managed': null } } });
  await strip('here');
  await theatre.crash();
  await strip('away');
  await theatre.startOperator();
  await allIssued(trial, each(['here', 'away'], 1));
  for (const name of ['here', 'away']) {
    expect((await trial.scene.secret(name)).metadata.labels).toEqual({ 'influxtokens.dev/managed': 'true' });
  }
});
