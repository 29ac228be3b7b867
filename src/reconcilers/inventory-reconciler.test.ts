import { beforeEach, describe, expect, test } from '@jest/globals';

import { id, INSTALLATION, NOW } from '../../test/builders.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import { MemoryIssuer } from '../../test/reconcilers/memory-issuer.ts';
import { MemoryKubernetes } from '../../test/reconcilers/memory-kubernetes.ts';
import { cluster, databaseToken, managedSecret, MemoryWorld, withToken } from '../../test/reconcilers/memory-world.ts';
import { IssuerError } from '../influxdb/errors.ts';
import { createLogger, type Logger } from '../logging.ts';
import { createMetrics } from '../server/metrics.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { Clusters } from './clusters.ts';
import { InventoryReconciler } from './inventory-reconciler.ts';
import { InventoryTaker } from './inventory-taker.ts';
import { Narrator } from './narrator.ts';
import { Sweeper } from './sweeper.ts';

const INTERVAL = 600_000;
const kind = 'ManagementToken';
const { signal } = new AbortController();

let log: Logger;
let memory: MemoryWorld;
let clock: ManualClock;
let clusters: Clusters;
let issuer: MemoryIssuer;
let inventories: InventoryTaker;
let reconciler: InventoryReconciler;
let changed: string[];

beforeEach(async () => {
  log = await createLogger({ level: 'fatal', format: 'json' });
  memory = new MemoryWorld();
  clock = new ManualClock(NOW);
  clusters = new Clusters(memory.world, clock, INSTALLATION);
  issuer = new MemoryIssuer();
  changed = [];
  const { world } = memory;
  const metrics = createMetrics('test');
  const client = new MemoryKubernetes(() => memory.nextVersion());
  const narrator = new Narrator({ record: () => undefined }, log, metrics);
  const sweeper = new Sweeper({ client, world, log, metrics, installation: INSTALLATION, watchNamespaces: [] });
  const common = { kind, world, clusters, client, narrator, metrics, clock, log, sweeper } as const;
  inventories = new InventoryTaker({ ...common, inventoryInterval: INTERVAL, inventoried: () => undefined });
  reconciler = new InventoryReconciler({
    ...common,
    inventories,
    changed: (name) => void changed.push(name),
    toldOtherwise: (name) => void changed.push(`${name} told otherwise`),
  });
  memory.put(memory.clusters, cluster());
});

function connection(issuers: object = { ManagementToken: issuer }): ClusterConnection {
  return {
    issuers: { DatabaseToken: new MemoryIssuer(), ...issuers },
    missing: {},
    probe: async () => ({ kind: 'accepted' }),
    useCredential: () => undefined,
    close: async () => undefined,
  };
}

/** The cluster is connected, anew. */
function connect(to = connection()): void {
  clusters.set('default', { object: cluster(), spec: cluster().spec, connection: to });
  inventories.restart('default');
}

const state = () => clusters.get('default', kind);
const reconcile = () => reconciler.reconcile('default', signal);

describe('an issuer beside the Management API', () => {
  test('is unproven until its own list has succeeded, and its tokens are then woken', async () => {
    connect();
    expect(state()).toMatchObject({ unproven: true });
    expect(await reconcile()).toEqual({ requeueAfter: INTERVAL });
    expect(state()).toMatchObject({ inventory: { kind, knowsUs: false } });
    expect(state()).not.toHaveProperty('unproven');
    expect(changed).toEqual(['default']);
  });

  test("stands in nobody else's way", async () => {
    connect();
    issuer.interfere = () => {
      throw new IssuerError('Unusable', 'version 2.9');
    };
    await reconcile();
    expect(state()?.hindrance).toEqual({ reason: 'InfluxctlMissing', message: 'version 2.9' });
    expect(clusters.get('default')).not.toHaveProperty('hindrance');
    issuer.interfere = () => undefined;
    await clock.advance(2_000);
    await reconcile();
    expect(state()).not.toHaveProperty('hindrance');
    expect(changed).toEqual(['default', 'default']);
  });

  test('is not asked while something stands in the way of the cluster, which its tokens are told', async () => {
    const hindrance = { reason: 'ClusterUnreachable', message: 'no answer' } as const;
    clusters.set('default', { object: cluster(), connection: connection(), hindrance });
    inventories.restart('default');
    expect(await reconcile()).toEqual({});
    expect(issuer.asked).toEqual([]);
    expect(state()).toMatchObject({ hindrance });
    expect(state()).not.toHaveProperty('unproven');
  });

  test('that is not there leaves nothing to prove', async () => {
    connect(connection({}));
    expect(await reconcile()).toEqual({});
    expect(state()).not.toHaveProperty('unproven');
  });

  test('has to prove itself anew over a new connection, also when that came during a list', async () => {
    connect();
    issuer.interfere = (operation) => {
      if (operation !== 'list') return;
      issuer.interfere = () => undefined;
      connect();
    };
    await reconcile();
    expect(state()).toMatchObject({ unproven: true });
    await reconcile();
    expect(state()).not.toHaveProperty('unproven');
    expect(issuer.count('list')).toBe(2);
  });

  test('is known by tokens of its own kind alone', async () => {
    memory.put(memory.secrets, managedSecret('telegraf', id(1), 'gone'));
    memory.put(memory.databaseTokens, withToken(databaseToken('telegraf'), id(1)));
    connect();
    await reconcile();
    expect(state()).not.toHaveProperty('hindrance');
    const record = managedSecret('automation', id(2), 'gone');
    const ledger = record.ledger && { ...record.ledger, object: 'ManagementToken/metrics/automation/gone' };
    memory.put(memory.secrets, { ...record, ...(ledger && { ledger }) });
    await clock.advance(INTERVAL);
    await reconcile();
    expect(state()?.hindrance?.reason).toBe('ClusterMismatch');
  });

  test('tells when its brake begins to hold', async () => {
    for (let n = 1; n <= 6; n += 1) issuer.add(id(n), `gone-${n}`);
    connect();
    await reconcile();
    expect(state()).toMatchObject({ held: { gone: 6, ours: 6 } });
    expect(changed).toEqual(['default', 'default told otherwise']);
    expect(issuer.live).toHaveLength(6);
  });

  test('tells when the credential ends as soon as its list shows that, once', async () => {
    issuer.credentialEnd = NOW + 1;
    connect();
    await reconcile();
    await clock.advance(INTERVAL);
    await reconcile();
    expect(changed).toEqual(['default', 'default told otherwise']);
  });

  test('revokes what a crash left behind through its own issuer', async () => {
    issuer.add(id(1), 'gone');
    connect();
    await reconcile();
    expect(issuer.live).toEqual([]);
  });
});
