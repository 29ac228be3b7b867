import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { FINALIZER } from '../../src/resources/group.ts';
import { databaseToken, named } from '../resources/manifests.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import type { Scene } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(90_000);

const COMPONENT = join(import.meta.dirname, '../../deploy/components/finalizer-policy');

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.kubectl('apply', '--server-side', '-k', COMPONENT);
  await inForce();
}, 120_000);

afterAll(async () => {
  await stage.stop();
});

test.concurrent('a token costs three writes to Kubernetes, as the API server puts the finalizer on', async () => {
  const scene = await stage.scene('cost');
  await scene.waitForCluster('Connected');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');
  expect((await scene.token('one')).metadata.finalizers).toEqual([FINALIZER]);
  expect(await scene.writes()).toEqual(['create secrets (dry run)', 'create secrets', 'patch databasetokens/status']);
});

test.concurrent('finalizers of others stay, and one that is there already is not added again', async () => {
  const scene = await stage.scene('others', { without: ['cluster'] });
  const created = async (name: string, finalizers: readonly string[]): Promise<readonly string[] | undefined> => {
    const { metadata, ...rest } = named(databaseToken(), name, scene.namespace);
    await scene.applyOther({ ...rest, metadata: { ...metadata, finalizers } });
    return (await scene.token(name)).metadata.finalizers;
  };
  expect(await created('other', ['example.com/other'])).toEqual(['example.com/other', FINALIZER]);
  expect(await created('ours', [FINALIZER])).toEqual([FINALIZER]);
});

test.concurrent.each(['--server-side', '--server-side=false'])(
  'who applies with %s finds no difference, and applying again takes nothing off',
  async (how) => {
    const scene = await stage.scene('apply');
    const manifest = named(databaseToken({ clusterRef: { name: scene.cluster } }), 'one', scene.namespace);
    const kubectl = (verb: string): ReturnType<Stage['controlPlane']['kubectl']> =>
      stage.controlPlane.kubectl([verb, how, '--field-manager=gitops', '--filename=-'], {
        input: JSON.stringify(manifest),
      });
    expect(await kubectl('apply')).toMatchObject({ code: 0 });
    await scene.waitForReason('one', 'Issued');
    expect(await kubectl('diff')).toMatchObject({ code: 0, stdout: '' });
    expect(await kubectl('apply')).toMatchObject({ code: 0 });
    expect((await scene.token('one')).metadata.finalizers).toEqual([FINALIZER]);
    expect(await ownersOfFinalizers(scene, 'one')).not.toContain('gitops');
  },
);

test.concurrent('an object goes when it is deleted, whether a token was issued for it or not', async () => {
  const scene = await stage.scene('gone');
  await scene.apply('issued');
  await scene.waitForReason('issued', 'Issued');
  await scene.apply('denied', { permissions: [{ action: 'read', resource: 'elsewhere' }] });
  await scene.waitForReason('denied', 'AccessDenied');
  await scene.apply('astray', { clusterRef: { name: 'nowhere' } });
  await scene.waitForReason('astray', 'ClusterNotFound');

  const names = ['issued', 'denied', 'astray'];
  await Promise.all(names.map((name) => scene.delete(name)));
  await Promise.all(names.map((name) => scene.waitForEnd(name)));
  expect(scene.liveTokens()).toEqual([]);
  expect(scene.requests('POST')).toBe(1);
});

finale(() => stage);

/** The API server follows a policy with a delay. */
async function inForce(): Promise<void> {
  const input = JSON.stringify(named(databaseToken(), 'attempt', 'default'));
  const attempt = ['create', '--dry-run=server', '--output=json', '--filename=-'];
  await waitFor(async () => (await stage.controlPlane.kubectl(attempt, { input })).stdout.includes(FINALIZER), {
    what: 'the policy to be in force',
  });
}

/** The managers that are on record for the finalizers of an object. */
async function ownersOfFinalizers(scene: Scene, name: string): Promise<readonly string[]> {
  const object = ['databasetoken', name, `--namespace=${scene.namespace}`];
  const shown = await stage.kubectl('get', ...object, '--show-managed-fields', '--output=json');
  const { metadata }: { metadata: { managedFields: readonly ManagedFields[] } } = JSON.parse(shown);
  return metadata.managedFields
    .filter(({ fieldsV1 }) => fieldsV1['f:metadata']?.['f:finalizers'] !== undefined)
    .map(({ manager }) => manager);
}

interface ManagedFields {
  readonly manager: string;
  readonly fieldsV1: { readonly 'f:metadata'?: { readonly 'f:finalizers'?: object } };
}
