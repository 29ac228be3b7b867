import { beforeEach, describe, expect, test } from '@jest/globals';
import { id, INSTALLATION, NOW } from '../../test/builders.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import { connectionTo, MemoryIssuer } from '../../test/reconcilers/memory-issuer.ts';
import {
  cluster,
  databaseToken,
  managedSecret,
  MemoryWorld,
  withMetadata,
  withToken,
} from '../../test/reconcilers/memory-world.ts';
import { IssuerError } from '../influxdb/errors.ts';
import { REQUESTS } from '../resources/group.ts';
import { ClusterMismatch, Clusters, type Inventory } from './clusters.ts';

const { signal } = new AbortController();

let memory: MemoryWorld;
let issuer: MemoryIssuer;
let clock: ManualClock;
let clusters: Clusters;

beforeEach(() => {
  memory = new MemoryWorld();
  issuer = new MemoryIssuer();
  clock = new ManualClock(NOW);
  clusters = new Clusters(memory.world, clock, INSTALLATION);
  clusters.set('default', { object: cluster(), connection: connectionTo(issuer) });
});

/** Holds every list back until it is let go, or made to fail. */
function holdLists(): { letGo: () => void; fail: (error: Error) => void }[] {
  const held: { letGo: () => void; fail: (error: Error) => void }[] = [];
  issuer.interfere = (operation) =>
    operation === 'list'
      ? new Promise<void>((resolve, reject) => held.push({ letGo: resolve, fail: reject }))
      : undefined;
  return held;
}

describe('however many ask', () => {
  test('one list is under way and at most one more waits, at whatever times they come', async () => {
    const held = holdLists();
    const asked: Promise<Inventory>[] = [clusters.takeInventory('default', signal)];
    for (let more = 0; more < 5; more += 1) {
      await clock.advance(10);
      asked.push(clusters.takeInventory('default', signal));
    }
    expect(issuer.count('list')).toBe(1);
    held[0]?.letGo();
    await clock.settle();
    expect(issuer.count('list')).toBe(2);
    held[1]?.letGo();
    const [first, ...others] = await Promise.all(asked);
    expect(issuer.count('list')).toBe(2);
    expect(new Set(others).size).toBe(1);
    expect(others[0]).not.toBe(first);
  });

  test('who comes while a list runs gets a later one, within the same millisecond too', async () => {
    const held = holdLists();
    const first = clusters.takeInventory('default', signal);
    await clock.settle();
    issuer.add(id(1), 'object');
    const second = clusters.takeInventory('default', signal);
    held[0]?.letGo();
    await clock.settle();
    held[1]?.letGo();
    expect((await first).byUID.size).toBe(0);
    expect((await second).byUID.size).toBe(1);
  });

  test('a list that fails fails for those who share it, and the next one is begun all the same', async () => {
    const held = holdLists();
    const asked = ['one', 'two', 'three'].map(() => clusters.takeInventory('default', signal));
    const ends = Promise.allSettled(asked);
    held[0]?.fail(new IssuerError('Unavailable', 'connection refused'));
    await clock.settle();
    held[1]?.fail(new IssuerError('Unavailable', 'still'));
    const messages = (await ends).map((end) => (end.status === 'rejected' ? String(end.reason) : 'taken'));
    expect(messages).toEqual([
      expect.stringContaining('connection refused'),
      expect.stringContaining('still'),
      expect.stringContaining('still'),
    ]);
    issuer.interfere = () => undefined;
    await expect(clusters.takeInventory('default', signal)).resolves.toMatchObject({ knowsUs: false });
  });

  test('one who gives up waiting fails nobody else', async () => {
    const held = holdLists();
    const gaveUp = new AbortController();
    const first = clusters.takeInventory('default', gaveUp.signal);
    const second = clusters.takeInventory('default', signal);
    gaveUp.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
    held[0]?.letGo();
    await clock.settle();
    held[1]?.letGo();
    await expect(second).resolves.toBeDefined();
    await expect(clusters.takeInventory('default', gaveUp.signal)).rejects.toThrow('stopped');
  });

  test('the end of the process ends the list', async () => {
    const held = holdLists();
    const asked = clusters.takeInventory('default', signal);
    await clusters.close();
    held[0]?.letGo();
    await expect(asked).rejects.toThrow('ends');
  });
});

describe('what a list says', () => {
  test('live tokens with our marker, by object; revoked, expired and foreign ones are left out', async () => {
    issuer.clockSkew = 60_000;
    issuer.add(id(1), 'a');
    issuer.add(id(2), 'a');
    issuer.add(id(3), 'a', { revokedAt: NOW });
    issuer.add(id(4), 'b', { expiresAt: NOW + 60_000 });
    issuer.add(id(5), 'b', { expiresAt: NOW + 60_001 });
    issuer.add(id(6), 'c', { description: 'x [influxtokens another/c/0000000000000001]' });
    issuer.add(id(7), 'd', { description: 'made by hand' });
    const { byUID } = await clusters.takeInventory('default', signal);
    const ids = [...byUID].map(([uid, tokens]) => [uid, tokens.map((token) => token.id)]);
    expect(ids).toEqual([
      ['a', [id(1), id(2)]],
      ['b', [id(5)]],
    ]);
  });

  test('the cluster remembers the last one', async () => {
    const inventory = await clusters.takeInventory('default', signal);
    expect(clusters.get('default')?.inventory).toBe(inventory);
  });

  test('one that was taken over a former connection says nothing about the new one', async () => {
    const held = holdLists();
    const asked = clusters.takeInventory('default', signal);
    clusters.set('default', { object: cluster(), connection: connectionTo(new MemoryIssuer()) });
    held[0]?.letGo();
    await asked;
    expect(clusters.get('default')?.inventory).toBeUndefined();
  });

  test('one that was taken while somebody worked on the state is not overwritten by an older one', async () => {
    const before = clusters.get('default');
    const inventory = await clusters.takeInventory('default', signal);
    if (before !== undefined) clusters.set('default', { ...before, hindrance: { reason: 'InvalidSpec', message: '' } });
    expect(clusters.get('default')).toMatchObject({ hindrance: { reason: 'InvalidSpec' } });
    expect(clusters.get('default')?.inventory).toBe(inventory);
    const another = { object: withMetadata(cluster(), { uid: 'another' }) };
    clusters.set('default', { ...another, ...(before?.connection && { connection: before.connection }) });
    expect(clusters.get('default')?.inventory).toBeUndefined();
  });

  test('a cluster that is not connected is unavailable', async () => {
    clusters.set('default', { object: cluster() });
    await expect(clusters.takeInventory('default', signal)).rejects.toMatchObject({ kind: 'Unavailable' });
    await expect(clusters.takeInventory('unknown', signal)).rejects.toMatchObject({ kind: 'Unavailable' });
  });
});

describe('whether it is the cluster that the tokens were issued on', () => {
  test('a cluster without any token of ours is not asked whether it knows us', async () => {
    await expect(clusters.takeInventory('default', signal)).resolves.toMatchObject({ knowsUs: false });
    expect(issuer.asked).toEqual(['list']);
  });

  test('it is when the list shows one, revoked ones included', async () => {
    memory.put(memory.secrets, managedSecret('telegraf', id(1), 'gone'));
    memory.put(memory.databaseTokens, withToken(databaseToken('grafana'), id(2)));
    issuer.add(id(2), 'grafana-uid', { revokedAt: NOW });
    await expect(clusters.takeInventory('default', signal)).resolves.toMatchObject({ knowsUs: true });
    expect(issuer.asked).toEqual(['list']);
  });

  test('it is when a token is known by its id, though somebody took the marker off', async () => {
    memory.put(memory.secrets, managedSecret('telegraf', id(1), 'gone'));
    memory.put(memory.secrets, managedSecret('grafana', id(2), 'gone'));
    issuer.add(id(2), 'gone', { description: 'mine now' });
    await expect(clusters.takeInventory('default', signal)).resolves.toMatchObject({ knowsUs: true });
  });

  test('it is another one when a few looks show none of many, and the list is an error', async () => {
    for (let n = 1; n <= 20; n += 1) memory.put(memory.secrets, managedSecret(`token-${n}`, id(n), 'gone'));
    const error: unknown = await clusters.takeInventory('default', signal).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClusterMismatch);
    expect(String(error)).toContain('none of the 20 tokens');
    expect(issuer.count('get')).toBe(3);
    expect(clusters.get('default')?.inventory).toBeUndefined();
  });

  test('tokens of another InfluxDBCluster prove nothing', async () => {
    memory.put(memory.databaseTokens, withToken(databaseToken('telegraf', { clusterRef: { name: 'other' } }), id(1)));
    await expect(clusters.takeInventory('default', signal)).resolves.toMatchObject({ knowsUs: false });
  });

  test('an administrator who abandons it says that they are gone', async () => {
    memory.put(memory.secrets, managedSecret('telegraf', id(1), 'gone'));
    const object = withMetadata(cluster(), { annotations: { [REQUESTS.abandon]: 'restored' } });
    clusters.set('default', { object, connection: connectionTo(issuer) });
    await expect(clusters.takeInventory('default', signal)).resolves.toMatchObject({ knowsUs: true });
  });

  test('a look that fails is no answer', async () => {
    memory.put(memory.secrets, managedSecret('telegraf', id(1), 'gone'));
    issuer.interfere = (operation) => {
      if (operation === 'get') throw new IssuerError('Unavailable', 'no answer');
    };
    const error: unknown = await clusters.takeInventory('default', signal).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(ClusterMismatch);
    expect(error).toMatchObject({ kind: 'Unavailable' });
  });
});

test('a cluster that is forgotten, and the end of all, close connections once', async () => {
  const closed: string[] = [];
  clusters.set('one', { object: cluster({}, 'one'), connection: connectionTo(issuer, () => closed.push('one')) });
  clusters.set('two', { object: cluster({}, 'two'), connection: connectionTo(issuer, () => closed.push('two')) });
  await clusters.forget('one');
  await clusters.forget('one');
  await clusters.close();
  expect(closed).toEqual(['one', 'two']);
  expect(clusters.get('one')).toBeUndefined();
});
