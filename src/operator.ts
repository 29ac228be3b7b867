// The operator as a whole: watches, world, clusters, reconcilers, queues and workers, put together.

import type { Config } from './config.ts';
import type { Clock } from './controller/clock.ts';
import { AtRest } from './controller/at-rest.ts';
import { Controller, type ReconcileObserver } from './controller/controller.ts';
import { KeyedQueue } from './controller/queue.ts';
import type { KubernetesClient } from './kubernetes/client.ts';
import { EventRecorder } from './kubernetes/events.ts';
import { whileLeading } from './kubernetes/while-leading.ts';
import type { Logger } from './logging.ts';
import { Influxctl } from './influxdb/influxctl.ts';
import { connect } from './reconcilers/cluster-connection.ts';
import { Clusters, type Inventory } from './reconcilers/clusters.ts';
import { ClusterReconciler } from './reconcilers/cluster-reconciler.ts';
import { clusterFigures, tokenFigures } from './reconcilers/fleet.ts';
import { Gathered } from './reconcilers/gathered.ts';
import { InventoryReconciler } from './reconcilers/inventory-reconciler.ts';
import { InventoryTaker } from './reconcilers/inventory-taker.ts';
import { Narrator } from './reconcilers/narrator.ts';
import { Newcomers } from './reconcilers/newcomers.ts';
import { OperatorNamespace } from './reconcilers/operator-namespace.ts';
import { Sweeper } from './reconcilers/sweeper.ts';
import { TokenReconciler } from './reconcilers/token-reconciler.ts';
import { createWatches } from './reconcilers/watches.ts';
import { tokenKey, World } from './reconcilers/world.ts';
import { TOKEN_KINDS, type TokenKind } from './resources/group.ts';
import type { Metrics } from './server/metrics.ts';
import { OPERATOR_VERSION } from './version.ts';

/** What the operator is put together from. */
export interface OperatorOptions {
  readonly config: Config;
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** See `--installation`. */
  readonly installation: string;
  /** Whether this process leads; asked before every change. */
  readonly mayAct: () => boolean;
  /** The name of the pod, for Events. */
  readonly instance: string;
  /** Gives memory back; called when there is nothing to do. */
  readonly tidyMemory: () => void;
}

/** A running operator. */
export interface Operator {
  /** Resolves when every collection was filled once. */
  readonly synced: Promise<unknown>;
  /** What is not ready yet; `undefined` when all is. */
  notReady(): string | undefined;
  /** Begins to act. Called once, after `synced`, by whoever leads. */
  act(): void;
  /** Ends the work: lets what runs finish for a while, or aborts it at once with a grace of 0; then flushes Events. */
  stop(grace?: number): Promise<void>;
}

/** Clusters are few, and a look at one is mostly waiting. */
const CLUSTER_WORKERS = 4;
/** From a change of the count of tokens to its showing at the cluster, milliseconds. */
const COUNT_DELAY = 5_000;
/** From a place that becomes free under `maxTokens` to another look at those who were denied it: a namespace that is emptied frees many. */
const ROOM_DELAY = 1_000;
/** How long the last Events are waited for. */
const FLUSH = 1_000;

/** Puts the operator together and begins to watch. It changes nothing before `act`. */
export function createOperator(options: OperatorOptions): Operator {
  const { config, clock, log, metrics, installation, instance, mayAct } = options;
  const client = whileLeading(options.client, mayAct);
  const tokenQueue = new KeyedQueue({ clock, groupOf: namespaceOf });
  const clusterQueue = new KeyedQueue({ clock });
  const managementQueue = new KeyedQueue({ clock });
  const watches = createWatches({
    client,
    clock,
    log,
    namespace: config.namespace,
    watchNamespaces: config.watchNamespaces,
  });
  const world = new World(watches.collections, {
    token: (key) => tokenQueue.add(key),
    cluster: (name) => clusterQueue.add(name),
    clusterLater: (name) => clusterQueue.addAfter(name, COUNT_DELAY),
    room: (namespace) => rooms.add(namespace),
  });
  const rooms = new Gathered(clock, ROOM_DELAY, (namespace) => {
    for (const key of world.denied(namespace)) tokenQueue.add(key);
  });
  const rest = new AtRest(clock, options.tidyMemory);
  const events = new EventRecorder({
    client,
    clock,
    log,
    reporter: { controller: 'influxtokens.dev/operator', instance },
    busy: () => tokenQueue.figures().depth > config.workers,
    closed: (namespace) => watches.collections.namespaces.get(namespace)?.terminating === true,
    handled: () => rest.worked(),
  });
  const narrator = new Narrator(events, log, metrics);
  const clusters = new Clusters(world, clock, installation);
  const tokenReconciler = new TokenReconciler({
    world,
    clusters,
    client,
    narrator,
    clock,
    newcomers: new Newcomers(clock),
    installation,
    minimumLifetime: config.minimumLifetime,
    suspect: (name, kind) => {
      const { reconciler, queue } = lists[kind];
      const wait = reconciler.suspect(name);
      if (wait !== undefined) queue.addAfter(name, wait);
    },
  });
  const wakeTokens = (name: string, kinds: readonly TokenKind[]): void => {
    for (const object of world.tokensOf(name)) if (kinds.includes(object.kind)) tokenQueue.add(tokenKey(object));
  };
  const inventoryOptions = {
    world,
    clusters,
    client,
    narrator,
    metrics,
    clock,
    log,
    inventoryInterval: config.inventoryInterval,
    sweeper: new Sweeper({ client, world, log, metrics, installation, watchNamespaces: config.watchNamespaces }),
    inventoried: (name: string, inventory: Inventory) => {
      for (const key of tokenReconciler.attentionTo(name, inventory)) tokenQueue.add(key, 'resync');
    },
  };
  const managementInventories = new InventoryTaker({ ...inventoryOptions, kind: 'ManagementToken' });
  const influxctl =
    config.influxctl === undefined
      ? undefined
      : new Influxctl({ path: config.influxctl, clock, environment: process.env, mayAct });
  const clusterReconciler = new ClusterReconciler({
    ...inventoryOptions,
    namespace: new OperatorNamespace(client, world, config.namespace),
    version: OPERATOR_VERSION,
    mayAct,
    connect,
    influxctl,
    beside: [managementInventories],
    changed: (name) => {
      wakeTokens(name, TOKEN_KINDS);
      managementQueue.add(name);
    },
  });
  const managementReconciler = new InventoryReconciler({
    kind: 'ManagementToken',
    world,
    clusters,
    clock,
    inventories: managementInventories,
    changed: (name) => wakeTokens(name, ['ManagementToken']),
    toldOtherwise: (name) => clusterQueue.add(name),
  });
  /** Who takes the inventories of a kind. */
  const lists = {
    DatabaseToken: { reconciler: clusterReconciler, queue: clusterQueue },
    ManagementToken: { reconciler: managementReconciler, queue: managementQueue },
  } as const;
  const observe = (kind: (key: string) => string): ReconcileObserver => ({
    reconciled: (key, outcome, milliseconds) => {
      metrics.reconciled(kind(key), outcome, milliseconds);
      rest.worked();
    },
  });
  const controllers = [
    new Controller({
      queue: tokenQueue,
      reconcile: tokenReconciler.reconcile,
      workers: config.workers,
      clock,
      log,
      observer: observe(kindOf),
    }),
    new Controller({
      queue: clusterQueue,
      reconcile: clusterReconciler.reconcile,
      workers: CLUSTER_WORKERS,
      clock,
      log,
      observer: observe(() => 'InfluxDBCluster'),
    }),
    new Controller({
      queue: managementQueue,
      reconcile: managementReconciler.reconcile,
      workers: CLUSTER_WORKERS,
      clock,
      log,
      observer: observe(() => 'ManagementInventory'),
    }),
  ];
  metrics.watchQueue('tokens', () => tokenQueue.figures());
  metrics.watchQueue('clusters', () => clusterQueue.figures());
  metrics.watchQueue('managementInventories', () => managementQueue.figures());
  metrics.watchDroppedEvents(() => events.dropped);
  metrics.watchTokens(() => tokenFigures(world.collections.tokens, clock.now()));
  metrics.watchClusters(() => clusterFigures(world.collections.clusters.values()));
  watches.start();
  return {
    synced: watches.synced,
    notReady: () =>
      world.missing() ??
      (controllers.every(({ running }) => running) || !mayAct() ? undefined : 'the workers do not run'),
    act: () => {
      for (const controller of controllers) controller.start();
    },
    stop: async (grace) => {
      rest.stop();
      await Promise.all(controllers.map((controller) => controller.stop(grace)));
      await watches.stop();
      await events.flush(FLUSH);
      await clusters.close();
      influxctl?.close();
    },
  };
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function namespaceOf(key: string): string {
  return key.slice(key.indexOf('/') + 1, key.lastIndexOf('/'));
}
