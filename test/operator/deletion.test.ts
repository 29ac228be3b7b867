import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TOKEN_KINDS } from '../../src/resources/group.ts';
import { readLedger } from '../../src/tokens/ledger.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import { deleteAt, orUndefined, paths } from './objects.ts';
import type { Scene, SceneOptions } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(400_000);

async function collected(scene: Scene, name: string, uid: string): Promise<void> {
  const gone = async (): Promise<boolean> => (await scene.findSecret(name))?.metadata.uid !== uid;
  await waitFor(gone, { what: `the end of Secret ${name}` });
}

describe.each(TOKEN_KINDS)('%s:', (kind) => {
  let stage: Stage;
  const open = (prefix: string, options: SceneOptions = {}): Promise<Scene> =>
    stage.scene(prefix, { kind, ...options });

  beforeAll(async () => {
    const influxctl = kind === 'ManagementToken' ? { influxctl: {} } : {};
    stage = await Stage.borrow({ operatorFlags: ['--inventory-interval=2s'], ...influxctl });
  });

  afterAll(async () => {
    await stage.stop();
  });

  test.concurrent('a deleted object has its token revoked, and its Secret goes with it', async () => {
    const scene = await open('delete');
    await scene.apply('going');
    await scene.waitForReason('going', 'Issued');
    const { uid } = (await scene.secret('going')).metadata;
    await scene.delete('going');
    await scene.waitForEnd('going');
    expect(scene.liveTokens()).toEqual([]);
    await collected(scene, 'going', uid);
    expect(await scene.waitForEvent('going', 'Revoked')).toContain('object deleted');
  });

  test.concurrent('of two objects that ask for one Secret, who holds it keeps it, and the other follows', async () => {
    const scene = await open('two');
    await scene.apply('first', { secret: { name: 'shared' } });
    await scene.waitForReason('first', 'Issued');
    await scene.apply('second', { secret: { name: 'shared' } });
    const conflict = await scene.waitForReason('second', 'SecretConflict');
    expect(conflict.message).toContain(`belongs to ${kind}/${scene.namespace}/first`);
    expect(scene.requests('POST')).toBe(1);

    const { uid } = (await scene.secret('shared')).metadata;
    await scene.delete('first');
    await collected(scene, 'shared', uid);
    await scene.waitForReason('second', 'Issued');
    expect(scene.liveTokens()).toHaveLength(1);
    expect(await scene.accepts((await scene.secret('shared')).data['token'])).toBe(true);
  });

  test.concurrent('a token that was revoked outside does not hold up the deletion', async () => {
    const scene = await open('revoked');
    await scene.apply('going');
    await scene.waitForReason('going', 'Issued');
    for (const { id } of scene.liveTokens()) scene.simulator.revokeToken(id);
    await scene.delete('going');
    await scene.waitForEnd('going');
    expect(scene.liveTokens()).toEqual([]);
  });

  test.concurrent('a namespace that is deleted with all its tokens goes, and they are revoked', async () => {
    const scene = await open('namespace');
    const names = Array.from({ length: 8 }, (_, index) => `token-${index}`);
    await Promise.all(names.map((name) => scene.apply(name)));
    await Promise.all(names.map((name) => scene.waitForReason(name, 'Issued')));

    await deleteAt(stage.kubernetes, paths.namespace(scene.namespace));
    const read = () => orUndefined(stage.kubernetes.request({ method: 'GET', path: paths.namespace(scene.namespace) }));
    await waitFor(async () => (await read()) === undefined, {
      what: 'the end of the namespace',
      timeout: 2 * scene.patience,
    });
    expect(scene.liveTokens()).toEqual([]);
  });

  test.concurrent('cluster, credential and tokens deleted in one breath end well', async () => {
    const scene = await open('prune');
    const names = ['one', 'two', 'three'];
    await Promise.all(names.map((name) => scene.apply(name)));
    await Promise.all(names.map((name) => scene.waitForReason(name, 'Issued')));

    await Promise.all([
      deleteAt(stage.kubernetes, paths.cluster(scene.cluster)),
      scene.deleteCredential(),
      ...names.map((name) => scene.delete(name)),
    ]);
    await Promise.all(names.map((name) => scene.waitForEnd(name)));
    await scene.waitForEndOfCluster();
    expect(scene.liveTokens()).toEqual([]);
  });

  test.concurrent('an InfluxDBCluster stays until the last token that needs it is gone', async () => {
    const scene = await open('keep');
    await scene.apply('using');
    await scene.waitForReason('using', 'Issued');
    await deleteAt(stage.kubernetes, paths.cluster(scene.cluster));
    expect((await scene.clusterObject()).metadata.deletionTimestamp).toBeDefined();

    await scene.delete('using');
    await scene.waitForEnd('using');
    await scene.waitForEndOfCluster();
    expect(scene.liveTokens()).toEqual([]);
  });

  test.concurrent('with Retain, token and Secret outlive the object, and no later object takes them over', async () => {
    const scene = await open('retain');
    await scene.apply('kept', { deletionPolicy: 'Retain' });
    await scene.waitForReason('kept', 'Issued');
    const before = await scene.secret('kept');
    expect(before.metadata.ownerReferences).toBeUndefined();
    await scene.delete('kept');
    await scene.waitForEnd('kept');

    const lists = scene.lists();
    await waitFor(() => scene.lists() > lists + 1, { what: 'an inventory', timeout: scene.patience });
    const after = await scene.secret('kept');
    expect(after.data).toEqual(before.data);
    expect(await scene.accepts(after.data['token'])).toBe(true);

    await scene.apply('kept');
    expect((await scene.waitForReason('kept', 'SecretConflict')).message).toContain('was retained');
    expect(await scene.secret('kept')).toEqual(after);
    expect(scene.requests('POST')).toBe(1);
  });

  test.concurrent(
    'what a retained token replaced is revoked when its overlap ends, though its object is gone',
    async () => {
      const scene = await open('replaced');
      await scene.apply('kept', { deletionPolicy: 'Retain', rotation: { overlap: '3s' } });
      await scene.waitForReason('kept', 'Issued');
      const before = await scene.secret('kept');
      await scene.annotate('kept', { 'influxtokens.dev/rotate': 'monday' });
      const after = await scene.waitForAnotherToken('kept', before);
      const ledger = readLedger(after.metadata.annotations ?? {});
      const [replaced] = ledger?.superseded ?? [];
      await scene.delete('kept');
      await scene.waitForEnd('kept');
      await waitFor(async () => !(await scene.accepts(before.data['token'])), {
        what: 'the end of the replaced token',
        timeout: scene.patience,
      });
      const revokedAt = scene.simulator.tokens().find(({ id }) => id === replaced?.id)?.revokedAt;
      expect(revokedAt).toBeGreaterThanOrEqual(replaced?.revokeAfter ?? Infinity);

      // Nobody is left to strike it off, and what is retained is as it was.
      const lists = scene.lists();
      await waitFor(() => scene.lists() > lists + 1, { what: 'an inventory', timeout: scene.patience });
      expect(await scene.secret('kept')).toMatchObject({ data: after.data });
      expect(readLedger((await scene.secret('kept')).metadata.annotations ?? {})?.tokenID).toBe(ledger?.tokenID);
      expect(await scene.accepts(after.data['token'])).toBe(true);
      expect(scene.liveTokens()).toHaveLength(1);
    },
  );

  test.concurrent(
    'during an overlap both tokens outlive an object with Retain, and a Secret that is deleted then takes both along',
    async () => {
      const scene = await open('overlapping');
      await scene.apply('kept', { deletionPolicy: 'Retain', rotation: { overlap: '1h' } });
      await scene.waitForReason('kept', 'Issued');
      const before = await scene.secret('kept');
      await scene.annotate('kept', { 'influxtokens.dev/rotate': 'monday' });
      const after = await scene.waitForAnotherToken('kept', before);
      await scene.delete('kept');
      await scene.waitForEnd('kept');
      const lists = scene.lists();
      await waitFor(() => scene.lists() > lists + 1, { what: 'two inventories', timeout: scene.patience });
      expect(await scene.accepts(before.data['token'])).toBe(true);
      expect(await scene.accepts(after.data['token'])).toBe(true);

      // No Secret names them any more, and the object is gone: they are orphans.
      await scene.deleteSecret('kept');
      await waitFor(() => scene.liveTokens().length === 0, { what: 'both to be revoked', timeout: scene.patience });
    },
  );

  test.concurrent('a policy that changes to Retain hands the Secret over, and back', async () => {
    const scene = await open('policy');
    await scene.apply('kept');
    await scene.waitForReason('kept', 'Issued');
    await scene.change('kept', { spec: { deletionPolicy: 'Retain' } });
    await scene.waitForReason('kept', 'Issued');
    expect((await scene.secret('kept')).metadata.ownerReferences).toBeUndefined();
    await scene.change('kept', { spec: { deletionPolicy: 'Revoke' } });
    await scene.waitForReason('kept', 'Issued');
    expect((await scene.secret('kept')).metadata.ownerReferences).toHaveLength(1);
    expect(scene.requests('POST')).toBe(1);
  });

  test.concurrent(
    'a deletion waits for a cluster that is down, says how to let go, and follows the annotation',
    async () => {
      const scene = await open('abandon');
      await scene.apply('stuck');
      await scene.waitForReason('stuck', 'Issued');
      const [token] = scene.liveTokens();
      await scene.simulator.down();
      await scene.delete('stuck');
      const waiting = await scene.waitForReason('stuck', 'Revoking');
      expect(waiting.message).toContain('influxtokens.dev/abandon: <reason>');
      expect(await scene.find('stuck')).toBeDefined();

      await scene.annotate('stuck', { 'influxtokens.dev/abandon': 'the cluster is lost' });
      await scene.waitForEnd('stuck');
      const names = `"ids":["${token?.id}"]`;
      const said = await waitFor(
        async () => (await stage.operatorLog()).split('\n').find((line) => line.includes(names)),
        { what: 'the log to name the token' },
      );
      expect(said).toContain('abandoned: the cluster is lost');
      expect(said).toContain('tokens are left alive');

      // Let go is not forgotten: the inventory revokes it when the cluster is back after all.
      expect(scene.liveTokens()).toHaveLength(1);
      await scene.simulator.up();
      await waitFor(() => scene.liveTokens().length === 0, {
        what: 'the abandoned token to be revoked',
        timeout: 2 * scene.patience,
      });
    },
  );

  test.concurrent('a deletion that waited for its cluster ends by itself when that is back', async () => {
    const scene = await open('outage');
    await scene.apply('waiting');
    await scene.waitForReason('waiting', 'Issued');
    await scene.simulator.down();
    await scene.delete('waiting');
    await scene.waitForReason('waiting', 'Revoking');
    await scene.simulator.up();
    await scene.waitForEnd('waiting');
    expect(scene.liveTokens()).toEqual([]);
  });

  test.concurrent('an object that never got a token goes at once, whatever becomes of its cluster', async () => {
    const scene = await open('never', { without: ['cluster'] });
    await scene.apply('missing');
    await scene.waitForReason('missing', 'ClusterNotFound');
    await scene.delete('missing');
    await scene.waitForEnd('missing');

    await scene.simulator.down();
    await scene.createCluster();
    await scene.apply('unreachable');
    await scene.waitForReason('unreachable', 'ClusterUnreachable');
    await scene.delete('unreachable');
    await scene.waitForEnd('unreachable');
  });

  finale(() => stage);
});
