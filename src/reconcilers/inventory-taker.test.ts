import { beforeEach, describe, expect, test } from '@jest/globals';
import { id } from '../../test/builders.ts';
import { CLUSTER_PATH, ClusterStage, INTERVAL } from '../../test/reconcilers/cluster-stage.ts';
import { cluster, databaseToken, withMetadata, withToken } from '../../test/reconcilers/memory-world.ts';
import { IssuerError } from '../influxdb/errors.ts';
import { KubernetesError } from '../kubernetes/client.ts';
import { REQUESTS } from '../resources/group.ts';
import { HANDLED_RELEASE } from './cluster-requests.ts';

let stage: ClusterStage;

beforeEach(async () => {
  stage = await ClusterStage.create();
});

describe('a cluster that answers', () => {
  test('is connected, its tokens are woken, and it is looked at again after the interval', async () => {
    stage.given();
    expect(await stage.reconcile()).toEqual({ requeueAfter: INTERVAL });
    expect({ reason: stage.reason, changed: stage.changed, events: stage.events }).toEqual({
      reason: 'Connected',
      changed: ['default'],
      events: ['Connected'],
    });
    await stage.clock.advance(1_000);
    expect(await stage.reconcile()).toEqual({ requeueAfter: INTERVAL - 1_000 });
    expect({
      writes: stage.kubernetes.writes.length,
      lists: stage.issuer.count('list'),
      changed: stage.changed,
    }).toEqual({
      writes: 1,
      lists: 1,
      changed: ['default'],
    });
  });

  test('whose list takes long is listed for a twentieth of the time', async () => {
    stage.given();
    stage.issuer.interfere = (operation) => (operation === 'list' ? stage.clock.advance(60_000) : undefined);
    expect(await stage.reconcile()).toEqual({ requeueAfter: 20 * 60_000 });
    expect(stage.reconciler.suspect('default')).toBeUndefined();
    await stage.clock.advance(20 * 60_000 - 1);
    await stage.reconcile();
    expect(stage.issuer.count('list')).toBe(1);
    await stage.clock.advance(1);
    await stage.reconcile();
    expect(stage.issuer.count('list')).toBe(2);
  });

  test('tells how many tokens on it are ours, and no one is woken by that', async () => {
    stage.given();
    stage.memory.put(stage.memory.databaseTokens, withToken(databaseToken('telegraf'), id(1)));
    stage.issuer.add(id(1), 'telegraf-uid');
    await stage.reconcile();
    expect(stage.object.status).toMatchObject({ tokens: 1, observedGeneration: 1 });
  });

  test('whose clock is wrong is told of', async () => {
    stage.given();
    stage.issuer.clockSkew = -31_000;
    await stage.reconcile();
    expect(stage.events).toContain('ClockSkew');
  });
});

describe('before the first list with new settings has shown that it is the right cluster', () => {
  test('its tokens wait, and are woken whatever comes of it', async () => {
    stage.given();
    let seen: unknown;
    stage.issuer.interfere = () => void (seen = stage.state?.unproven);
    await stage.reconcile();
    expect(seen).toBe(true);
    expect(stage.state?.unproven).toBeUndefined();
    stage.credential('second');
    stage.issuer.interfere = () => void (seen = stage.state?.unproven);
    seen = undefined;
    await stage.reconcile();
    expect(seen).toBe(true);
    expect(stage.changed).toEqual(['default', 'default']);
  });

  test('what stood in the way still does', async () => {
    stage.given();
    stage.failLists(new IssuerError('Unreadable', 'an HTML page'));
    await stage.reconcile();
    await stage.clock.advance(60_000);
    let seen: string | undefined;
    stage.issuer.interfere = () => void (seen = stage.state?.hindrance?.reason);
    await stage.reconcile();
    expect(seen).toBe('ClusterUnreachable');
    expect(stage.state?.hindrance).toBeUndefined();
  });
});

describe('a cluster that does not answer', () => {
  test('one lost answer is no outage, and is asked again soon; the second one is', async () => {
    stage.given();
    await stage.reconcile();
    stage.changed.length = 0;
    await stage.clock.advance(INTERVAL);
    stage.failLists();
    const { requeueAfter = 0 } = await stage.reconcile();
    expect(requeueAfter).toBeGreaterThan(500);
    expect(requeueAfter).toBeLessThanOrEqual(1_000);
    expect({ reason: stage.reason, changed: stage.changed }).toEqual({ reason: 'Connected', changed: [] });
    await stage.clock.advance(requeueAfter);
    await stage.reconcile();
    expect({ reason: stage.reason, changed: stage.changed }).toEqual({
      reason: 'ClusterUnreachable',
      changed: ['default'],
    });
  });

  test('one that never answered is out at the first failure', async () => {
    stage.given();
    stage.failLists();
    await stage.reconcile();
    expect({ reason: stage.reason, changed: stage.changed }).toEqual({
      reason: 'ClusterUnreachable',
      changed: ['default'],
    });
  });

  test('is asked ever more rarely, up to a minute, or when it says itself; between, nothing is written', async () => {
    stage.given();
    stage.failLists();
    const waits: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const { requeueAfter = 0 } = await stage.reconcile();
      waits.push(requeueAfter);
      await stage.clock.advance(requeueAfter);
    }
    expect(waits.every((wait, n) => wait >= 2 ** n * 660 || wait >= 40_000)).toBe(true);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    expect(stage.kubernetes.writes).toHaveLength(1);
    expect(stage.changed).toHaveLength(1);
    stage.failLists(new IssuerError('Unavailable', 'too many requests', { status: 429, retryAfter: 120_000 }));
    expect(await stage.reconcile()).toEqual({ requeueAfter: 120_000 });
    await stage.reconcile();
    expect(stage.issuer.count('list')).toBe(11);
  });

  test('that answers again is connected at once', async () => {
    stage.given();
    stage.failLists();
    const { requeueAfter = 0 } = await stage.reconcile();
    stage.recover();
    await stage.clock.advance(requeueAfter);
    expect(await stage.reconcile()).toEqual({ requeueAfter: INTERVAL });
    expect({ reason: stage.reason, changed: stage.changed }).toEqual({
      reason: 'Connected',
      changed: ['default', 'default'],
    });
  });

  test.each([
    ['CredentialsRejected', 401, 'CredentialsRejected'],
    ['Refused', 403, 'CredentialsRejected'],
    ['Refused', 400, 'ClusterUnreachable'],
    ['Unreadable', 200, 'ClusterUnreachable'],
  ] as const)('%s (%d) is told as %s', async (kind, status, told) => {
    stage.given();
    stage.failLists(new IssuerError(kind, 'no', { status }));
    await stage.reconcile();
    expect(stage.reason).toBe(told);
  });

  test('another cluster that knows none of our tokens is no lost answer: nothing more may go there', async () => {
    stage.given();
    stage.memory.put(stage.memory.databaseTokens, withToken(databaseToken('telegraf'), id(1)));
    stage.issuer.add(id(1), 'telegraf-uid');
    await stage.reconcile();
    stage.issuer.tokens.clear();
    await stage.clock.advance(INTERVAL);
    await stage.reconcile();
    expect(stage.reason).toBe('ClusterMismatch');
    expect(stage.state?.hindrance?.reason).toBe('ClusterMismatch');
  });
});

describe('when a token has a failure with the cluster', () => {
  test('it is looked at again at once, and only once', async () => {
    stage.given();
    await stage.reconcile();
    await stage.clock.advance(1_000);
    expect(stage.reconciler.suspect('default')).toBe(0);
    expect(stage.reconciler.suspect('default')).toBeUndefined();
    await stage.reconcile();
    expect(stage.issuer.count('list')).toBe(2);
  });

  test('during a list, another one follows, because this one may not show it', async () => {
    stage.given();
    await stage.reconcile();
    await stage.clock.advance(INTERVAL);
    stage.issuer.interfere = async (operation) => {
      if (operation !== 'list') return;
      await stage.clock.advance(10);
      stage.reconciler.suspect('default');
    };
    expect(await stage.reconcile()).toEqual({ requeueAfter: 200 });
  });

  test('nothing is done for a cluster that is failing already, or was never seen', async () => {
    expect(stage.reconciler.suspect('default')).toBeUndefined();
    stage.given();
    stage.failLists();
    await stage.reconcile();
    expect(stage.reconciler.suspect('default')).toBeUndefined();
  });
});

describe('orphans', () => {
  /** So many tokens of objects that are gone. */
  function orphans(count: number): void {
    for (let n = 1; n <= count; n += 1) stage.issuer.add(id(n), `gone-${n}`);
  }

  test('are revoked, a few of them', async () => {
    stage.given();
    orphans(3);
    await stage.reconcile();
    expect({ live: stage.issuer.live, held: stage.held }).toEqual({ live: [], held: false });
  });

  test('that are too many are held; a nonce lets them go once, and the condition goes', async () => {
    stage.given();
    orphans(6);
    await stage.reconcile();
    expect({ live: stage.issuer.live.length, held: stage.held, events: stage.events }).toMatchObject({
      live: 6,
      held: true,
    });
    expect(stage.events).toContain('InventoryHeld');
    await stage.clock.advance(INTERVAL);
    await stage.reconcile();
    expect({ live: stage.issuer.live.length, held: stage.held }).toEqual({ live: 6, held: true });

    stage.given(withMetadata(stage.object, { annotations: { [REQUESTS.releaseInventory]: 'yes' } }));
    await stage.reconcile();
    await stage.clock.advance(1_000);
    await stage.reconcile();
    expect({
      live: stage.issuer.live.length,
      held: stage.held,
      annotations: stage.object.metadata.annotations,
    }).toEqual({
      live: 0,
      held: false,
      annotations: { [REQUESTS.releaseInventory]: 'yes', [HANDLED_RELEASE.DatabaseToken]: 'yes' },
    });

    orphans(7);
    await stage.clock.advance(INTERVAL);
    await stage.reconcile();
    expect({ live: stage.issuer.live.length, held: stage.held }).toEqual({ live: 7, held: true });
  });

  test('a nonce that cannot be written down lets nothing go yet', async () => {
    stage.given(withMetadata(cluster(), { annotations: { [REQUESTS.releaseInventory]: 'yes' } }));
    orphans(6);
    stage.kubernetes.interfere = ({ method, path }) => {
      if (method === 'PATCH' && path === CLUSTER_PATH)
        throw new KubernetesError('Timeout', 'unknown', 'no answer in time');
    };
    const { requeueAfter = 0 } = await stage.reconcile();
    expect({ live: stage.issuer.live.length, reason: stage.reason }).toEqual({ live: 6, reason: 'Connected' });
    expect(requeueAfter).toBeLessThanOrEqual(1_000);
    stage.kubernetes.interfere = () => undefined;
    await stage.clock.advance(requeueAfter);
    await stage.reconcile();
    expect(stage.issuer.live).toEqual([]);
  });

  test('one that cannot be revoked hinders neither the others nor the cluster, and is tried again', async () => {
    stage.given();
    orphans(3);
    stage.issuer.interfere = (operation, token) => {
      if (operation === 'revoke' && token === id(1)) throw new IssuerError('OutcomeUnknown', '500', { status: 500 });
    };
    const { requeueAfter = 0 } = await stage.reconcile();
    expect({ live: stage.issuer.live, reason: stage.reason }).toEqual({ live: [id(1)], reason: 'Connected' });
    expect(requeueAfter).toBeLessThanOrEqual(1_000);
    await stage.clock.advance(requeueAfter);
    const { requeueAfter: later = 0 } = await stage.reconcile();
    expect(later).toBeGreaterThan(requeueAfter);
    stage.recover();
    await stage.clock.advance(later);
    expect(await stage.reconcile()).toEqual({ requeueAfter: INTERVAL });
    expect(stage.issuer.live).toEqual([]);
  });
});
