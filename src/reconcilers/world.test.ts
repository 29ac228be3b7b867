import { beforeEach, describe, expect, test } from '@jest/globals';
import { id } from '../../test/builders.ts';
import {
  cluster,
  databaseToken,
  managedSecret,
  MemoryWorld,
  namespace,
  own,
  withMetadata,
  withReady,
  withToken,
} from '../../test/reconcilers/memory-world.ts';
import { FINALIZER, REQUESTS } from '../resources/group.ts';
import type { ManagementToken } from '../resources/management-token.ts';

let memory: MemoryWorld;

beforeEach(() => {
  memory = new MemoryWorld();
});

/** Puts objects there, and forgets whom that woke. */
function settled(fill: () => void): void {
  fill();
  memory.woken();
}

describe('who is looked at after a change', () => {
  test('of a token object: itself; and its cluster at the first and the last that refers to it', () => {
    const first = memory.put(memory.databaseTokens, databaseToken('first'));
    expect(memory.woken()).toEqual(['default', 'DatabaseToken/metrics/first']);
    const second = memory.put(memory.databaseTokens, databaseToken('second'));
    memory.put(memory.databaseTokens, second);
    expect(memory.woken()).toEqual(['DatabaseToken/metrics/second', 'DatabaseToken/metrics/second']);
    memory.remove(memory.databaseTokens, first);
    expect(memory.woken()).toEqual(['DatabaseToken/metrics/first', 'room in metrics']);
    memory.remove(memory.databaseTokens, second);
    expect(memory.woken()).toEqual(['default', 'DatabaseToken/metrics/second', 'room in metrics']);
  });

  test('of the number of tokens: the cluster, without hurry', () => {
    const object = memory.put(memory.databaseTokens, databaseToken('telegraf'));
    memory.woken();
    const issued = memory.put(memory.databaseTokens, withToken(object, id(1)));
    expect(memory.woken()).toEqual(['default later', 'DatabaseToken/metrics/telegraf']);
    memory.put(memory.databaseTokens, withToken(object, id(2)));
    expect(memory.woken()).toEqual(['DatabaseToken/metrics/telegraf']);
    expect(memory.world.issued('default')).toBe(1);
    memory.remove(memory.databaseTokens, issued);
    expect(memory.world.issued('default')).toBe(0);
  });

  test('of an object of the same name in its place: both cluster and object', () => {
    settled(() => void memory.put(memory.databaseTokens, withToken(databaseToken('telegraf'), id(1))));
    memory.put(memory.databaseTokens, withMetadata(databaseToken('telegraf'), { uid: 'another' }));
    expect(memory.woken()).toContain('default');
    expect([...memory.world.departed]).toEqual(['telegraf-uid']);
    expect({ references: memory.world.references('default'), issued: memory.world.issued('default') }).toEqual({
      references: 1,
      issued: 0,
    });
  });

  test('of a reference, which no rule allows: both clusters, and neither keeps a wrong count', () => {
    const object = withToken(databaseToken('telegraf'), id(1));
    settled(() => void memory.put(memory.databaseTokens, object));
    const moved = { ...object, spec: { ...object.spec, clusterRef: { name: 'other' } } };
    memory.put(memory.databaseTokens, moved);
    expect(memory.woken()).toEqual(expect.arrayContaining(['default', 'other', 'DatabaseToken/metrics/telegraf']));
    const counts = (name: string): number[] => [memory.world.references(name), memory.world.issued(name)];
    expect([counts('default'), counts('other')]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    memory.remove(memory.databaseTokens, moved);
    expect([counts('default'), counts('other')]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test('of a Secret of ours: the objects that are to write it, whichever their kind', () => {
    const management: ManagementToken = {
      ...databaseToken('admin'),
      kind: 'ManagementToken',
      spec: { secret: { name: 'shared' } },
    };
    settled(() => {
      memory.put(memory.databaseTokens, databaseToken('shared'));
      memory.put(memory.databaseTokens, databaseToken('other'));
      memory.put(memory.managementTokens, management);
    });
    memory.put(memory.secrets, managedSecret('shared', id(1), 'shared-uid', ['shared-uid']));
    expect(memory.woken()).toEqual(['DatabaseToken/metrics/shared', 'ManagementToken/metrics/admin']);
  });

  test('of a retained Secret that goes: who was denied for want of room', () => {
    const secret = memory.put(memory.secrets, managedSecret('retained', id(1), 'gone'));
    const owned = memory.put(memory.secrets, managedSecret('owned', id(2), 'telegraf-uid', ['telegraf-uid']));
    settled(() => {
      memory.put(memory.databaseTokens, withReady(databaseToken('denied'), 'AccessDenied'));
      memory.put(memory.databaseTokens, withReady(databaseToken('fine'), 'Issued'));
    });
    memory.remove(memory.secrets, owned);
    expect(memory.woken()).toEqual([]);
    memory.remove(memory.secrets, secret);
    expect(memory.woken()).toEqual(['room in metrics']);
    expect(memory.world.denied('metrics')).toEqual(['DatabaseToken/metrics/denied']);
    expect(memory.world.denied('elsewhere')).toEqual([]);
  });

  test('of a namespace: the objects in it, if labels or its end changed; not for annotations', () => {
    settled(() => {
      memory.put(memory.namespaces, namespace('metrics', { team: 'a' }));
      memory.put(memory.databaseTokens, databaseToken('telegraf'));
    });
    memory.put(memory.namespaces, namespace('metrics', { team: 'a' }));
    memory.put(memory.namespaces, namespace('elsewhere'));
    expect(memory.woken()).toEqual([]);
    memory.put(memory.namespaces, namespace('metrics', { team: 'b' }));
    expect(memory.woken()).toEqual(['DatabaseToken/metrics/telegraf']);
    memory.put(memory.namespaces, namespace('metrics', { team: 'b' }, true));
    expect(memory.woken()).toEqual(['DatabaseToken/metrics/telegraf']);
  });

  test('of a cluster: itself, for what people changed; our own status and strangers’ annotations are no news', () => {
    memory.put(memory.clusters, cluster());
    expect(memory.woken()).toEqual(['default']);
    memory.put(memory.clusters, { ...cluster(), status: { tokens: 1 } });
    memory.put(memory.clusters, withMetadata(cluster(), { annotations: { 'example.com/heartbeat': '1' } }));
    expect(memory.woken()).toEqual([]);
    memory.put(memory.clusters, withMetadata(cluster(), { generation: 2 }));
    memory.put(memory.clusters, withMetadata(cluster(), { generation: 2, finalizers: [FINALIZER] }));
    memory.put(memory.clusters, withMetadata(cluster(), { generation: 2, annotations: { [REQUESTS.abandon]: 'x' } }));
    memory.remove(memory.clusters, cluster());
    expect(memory.woken()).toEqual(['default', 'default', 'default', 'default']);
  });

  test('of a credential or a CA bundle: the clusters that name it', () => {
    settled(() => {
      memory.put(memory.clusters, cluster());
      memory.put(memory.clusters, cluster({ tls: { caBundleRef: { name: 'ca', key: 'ca.crt' } } }, 'other'));
    });
    const secret = memory.put(memory.ownSecrets, own('influxdb-admin'));
    expect(memory.woken()).toEqual(['default', 'other']);
    memory.put(memory.ownSecrets, own('unrelated'));
    expect(memory.woken()).toEqual([]);
    memory.put(memory.ownConfigMaps, own('ca'));
    expect(memory.woken()).toEqual(['other']);
    memory.remove(memory.ownSecrets, secret);
    expect(memory.woken()).toEqual(['default', 'other']);
  });
});

describe('the rank of an object under maxTokens', () => {
  const created = (name: string, second: number): ReturnType<typeof databaseToken> =>
    withMetadata(databaseToken(name), { creationTimestamp: `2030-01-01T00:00:0${second}Z` });

  test('is its place by time and uid, among those of its namespace and cluster', () => {
    const late = created('a-late', 2);
    const early = created('z-early', 1);
    const twin = created('y-early', 1);
    for (const object of [late, early, twin]) memory.put(memory.databaseTokens, object);
    memory.put(memory.databaseTokens, databaseToken('another', { clusterRef: { name: 'other' } }));
    memory.put(memory.databaseTokens, withMetadata(created('elsewhere', 0), { namespace: 'elsewhere' }));
    expect([twin, early, late].map((object) => memory.world.rank(object, 1))).toEqual([0, 1, 2]);
  });

  test('is not worked out while there is room for all', () => {
    const late = created('late', 2);
    for (const object of [late, created('early', 1)]) memory.put(memory.databaseTokens, object);
    expect(memory.world.rank(late, 2)).toBe(0);
  });

  test('counts retained Secrets first, but not those of objects that are there', () => {
    const object = memory.put(memory.databaseTokens, databaseToken('telegraf'));
    memory.put(memory.secrets, managedSecret('retained', id(1), 'gone'));
    memory.put(memory.secrets, managedSecret('telegraf', id(2), 'telegraf-uid'));
    memory.put(memory.secrets, managedSecret('owned', id(3), 'gone', ['gone']));
    expect(memory.world.rank(object, 1)).toBe(1);
  });
});

test('a token is named while a Secret of ours has it as current or in its overlap', () => {
  const { ledger, ...secret } = managedSecret('telegraf', id(1), 'telegraf-uid');
  if (ledger === undefined) throw new Error('no ledger');
  const stored = memory.put(memory.secrets, {
    ...secret,
    ledger: { ...ledger, superseded: [{ id: id(2), revokeAfter: 0 }] },
  });
  expect([1, 2, 3].map((n) => memory.world.named(id(n)))).toEqual([true, true, false]);
  memory.remove(memory.secrets, stored);
  expect(memory.world.named(id(1))).toBe(false);
});

test('an object is found by key and by uid, whatever its kind', () => {
  const object = memory.put(memory.databaseTokens, databaseToken('telegraf'));
  expect(memory.world.token('DatabaseToken/metrics/telegraf')).toBe(object);
  expect(memory.world.token('ManagementToken/metrics/telegraf')).toBeUndefined();
  expect(memory.world.token('Secret/metrics/telegraf')).toBeUndefined();
  expect(memory.world.tokenByUID('telegraf-uid')).toBe(object);
  expect(memory.world.tokensOf('default')).toEqual([object]);
});

test('of the objects that went, the latest are remembered, and memory has an end', () => {
  for (let n = 0; n <= 10_000; n += 1) {
    const object = memory.put(memory.databaseTokens, databaseToken(`token-${n}`));
    memory.remove(memory.databaseTokens, object);
  }
  expect(memory.world.departed.size).toBe(10_000);
  expect(memory.world.departed.has('token-0-uid')).toBe(false);
  expect(memory.world.departed.has('token-10000-uid')).toBe(true);
  expect(memory.world.references('default')).toBe(0);
});

test('what is missing is named until every store was filled once', () => {
  expect(memory.world.missing()).toContain('clusters, secrets');
  const stores = [memory.clusters, memory.databaseTokens, memory.managementTokens, memory.secrets, memory.namespaces];
  for (const store of [...stores, memory.ownSecrets, memory.ownConfigMaps]) {
    store.beginList('1');
    store.endList('1');
  }
  expect(memory.world.missing()).toBeUndefined();
});
