import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { KubernetesError, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { allowed, type Access } from '../deploy/access-reviews.ts';
import { connect } from '../kubernetes/test-client.ts';
import { finale } from '../operator/finale.ts';
import { deleteAt, mergeInto, paths } from '../operator/objects.ts';
import { OPERATOR_NAMESPACE, type Answer } from '../operator/operator-process.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';
import { writeOverlay } from './overlay.ts';

jest.setTimeout(120_000);

const ACCOUNT = 'influxtokens-operator';
const WATCHED = ['team-a', 'team-b'];
const MANAGED = { 'influxtokens.dev/managed': 'true' };

let stage: Stage;
/** Speaks to the API server as whoever has taken over the operator. */
let intruder: KubernetesClient;
let disconnect: () => Promise<void>;

// Every restriction at once: what the operator does under all of them it does under each.
beforeAll(async () => {
  const components = ['namespaced', 'admission-policy', 'metrics-auth'];
  const overlay = await writeOverlay({ components, watched: WATCHED });
  const flags = [...WATCHED.map((namespace) => `--watch-namespace=${namespace}`), '--metrics-auth'];
  stage = await Stage.start({
    manifests: overlay.path,
    namespaces: WATCHED,
    operatorFlags: flags,
  });
  await overlay.remove();
  const kubeconfig = await stage.controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, ACCOUNT);
  ({ client: intruder, close: disconnect } = await connect(kubeconfig));
});

afterAll(async () => {
  await disconnect();
  await stage.stop();
});

describe('with rights in chosen namespaces only, and its writes held to its own Secrets', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await stage.scene('', { namespace: 'team-a', clusterName: 'team-a' });
  });

  test('the operator issues, changes, repairs, retains and revokes as ever', async () => {
    await scene.apply('telegraf');
    await scene.waitForReason('telegraf', 'Issued');
    const first = await scene.secret('telegraf');

    await scene.apply('telegraf', { secret: { keys: { token: 'TOKEN' } } });
    await waitFor(async () => (await scene.secret('telegraf')).data['TOKEN'] === first.data['token'], {
      what: 'the other key',
    });
    await scene.changeSecret('telegraf', { metadata: { labels: { 'influxtokens.dev/managed': null } } });
    await waitFor(
      async () => (await scene.secret('telegraf')).metadata.labels?.['influxtokens.dev/managed'] === 'true',
      { what: 'the label to be back' },
    );
    await scene.annotate('telegraf', { 'influxtokens.dev/rotate': 'now' });
    await waitFor(async () => (await scene.secret('telegraf')).data['TOKEN'] !== first.data['token'], {
      what: 'another token',
    });

    await scene.apply('kept', { deletionPolicy: 'Retain' });
    await scene.waitForReason('kept', 'Issued');
    await scene.delete('kept');
    await scene.waitForEnd('kept');
    expect(await scene.accepts((await scene.secret('kept')).data['token'])).toBe(true);

    await scene.delete('telegraf');
    await scene.waitForEnd('telegraf');
    await waitFor(async () => (await scene.findSecret('telegraf')) === undefined, { what: 'the Secret to go' });
    expect(scene.liveTokens()).toHaveLength(1);
  });

  test('it was refused nothing that it asked for, and asked for nothing outside', async () => {
    const asked = await stage.audited(({ userAgent = '' }) => userAgent.startsWith('influxdb-token-operator/'));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
    const known = new Set([...WATCHED, OPERATOR_NAMESPACE, 'default', 'kube-system']);
    const elsewhere = asked.flatMap(({ objectRef }) => objectRef?.namespace ?? []).filter((name) => !known.has(name));
    expect(elsewhere).toEqual([]);
  });

  test('Secrets and tokens of other namespaces are out of its reach', async () => {
    const out: Access[] = ['team-c', 'default', 'kube-system', ''].flatMap((namespace) =>
      ['secrets', 'databasetokens.influxtokens.dev', 'managementtokens.influxtokens.dev'].flatMap((resource) =>
        ['get', 'list', 'watch', 'create', 'patch', 'delete'].map((verb) => ({ verb, resource, namespace })),
      ),
    );
    const user = `system:serviceaccount:${OPERATOR_NAMESPACE}:${ACCOUNT}`;
    expect(await allowed(stage.controlPlane, { user }, out)).toEqual([]);
    const inside = out.slice(0, 6).map((access) => ({ ...access, namespace: 'team-b' }));
    expect(await allowed(stage.controlPlane, { user }, inside)).toEqual(inside);
  });
});

describe('who has taken over the operator', () => {
  const create = (metadata: object, type = 'Opaque'): Promise<unknown> =>
    intruder.request({
      method: 'POST',
      path: '/api/v1/namespaces/team-b/secrets',
      body: { apiVersion: 'v1', kind: 'Secret', type, metadata },
    });
  const refused = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'it was allowed',
      (error: unknown) =>
        error instanceof KubernetesError && error.outcome === 'refused' ? error.message : String(error),
    );
  const MUST_BE_LABELLED = /may only create Opaque Secrets with the label influxtokens\.dev\/managed/;
  const MUST_BE_OURS = /may only change and delete Opaque Secrets that are its own/;

  beforeAll(async () => {
    await stage.controlPlane.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'foreign', namespace: 'team-b' },
        stringData: { password: 'x' },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/basic-auth',
        metadata: { name: 'disguised', namespace: 'team-b', labels: MANAGED },
        stringData: { password: 'x' },
      },
    ]);
  });

  test('makes Opaque Secrets with our label, and no others', async () => {
    await create({ name: 'plain', labels: MANAGED });
    const account = { 'kubernetes.io/service-account.name': 'default' };
    expect(await refused(create({ name: 'unlabelled' }))).toMatch(MUST_BE_LABELLED);
    expect(await refused(create({ name: 'otherwise', labels: { 'influxtokens.dev/managed': 'false' } }))).toMatch(
      MUST_BE_LABELLED,
    );
    expect(
      await refused(
        create({ name: 'account', labels: MANAGED, annotations: account }, 'kubernetes.io/service-account-token'),
      ),
    ).toMatch(MUST_BE_LABELLED);
  });

  test.each(['foreign', 'disguised'])('cannot change, claim or delete the Secret %s', async (name) => {
    const path = paths.secret('team-b', name);
    const claim = {
      metadata: { labels: MANAGED, annotations: { 'influxtokens.dev/object': 'x' } },
      data: { a: 'eA==' },
    };
    expect(await refused(mergeInto(intruder, path, { data: { password: 'eA==' } }))).toMatch(MUST_BE_OURS);
    expect(await refused(mergeInto(intruder, path, claim))).toMatch(MUST_BE_OURS);
    expect(await refused(deleteAt(intruder, path))).toMatch(MUST_BE_OURS);
  });

  test('is the only one whom the policy concerns', async () => {
    await mergeInto(stage.kubernetes, paths.secret('team-b', 'foreign'), { data: { password: 'eA==' } });
    await deleteAt(stage.kubernetes, paths.secret('team-b', 'foreign'));
  });
});

describe('with --metrics-auth', () => {
  async function tokenOf(account: string): Promise<string> {
    await stage.kubectl('create', 'serviceaccount', account, '--namespace=default');
    return (await stage.kubectl('create', 'token', account, '--namespace=default')).trim();
  }
  const scrape = (authorization?: string): Promise<Answer> =>
    stage.operator.page('/metrics', authorization === undefined ? {} : { authorization });

  test('metrics are for those whom RBAC lets get /metrics, and for nobody else', async () => {
    const [prometheus, tenant] = [await tokenOf('prometheus'), await tokenOf('tenant')];
    await stage.kubectl(
      'create',
      'clusterrolebinding',
      'prometheus',
      '--clusterrole=influxtokens-metrics-reader',
      '--serviceaccount=default:prometheus',
    );
    await waitFor(async () => (await scrape(`Bearer ${prometheus}`)).status === 200, {
      what: 'Prometheus to be let in',
    });
    expect((await scrape(`Bearer ${prometheus}`)).text).toContain('influxtokens_build_info');
    for (const [authorization, status] of [
      [`Bearer ${tenant}`, 403],
      [`Bearer ${tenant.slice(0, -8)}AAAAAAAA`, 401],
      [undefined, 401],
    ] as const) {
      const answer = await scrape(authorization);
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('influxtokens_');
    }
    expect(await stage.operatorLog()).not.toContain(prometheus.split('.').at(-1));
  });
});

finale(() => stage);
