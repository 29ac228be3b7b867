// Where the reconciler of token objects plays in unit tests: an API server, a cluster's state and a clock in memory.

import { createLogger } from '../../src/logging.ts';
import { Clusters, type ClusterState } from '../../src/reconcilers/clusters.ts';
import { Narrator } from '../../src/reconcilers/narrator.ts';
import { Newcomers } from '../../src/reconcilers/newcomers.ts';
import { TokenReconciler } from '../../src/reconcilers/token-reconciler.ts';
import { FINALIZER } from '../../src/resources/group.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { INSTALLATION, NOW } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { connectionTo, MemoryIssuer } from './memory-issuer.ts';
import { MemoryKubernetes } from './memory-kubernetes.ts';
import { cluster, databaseToken, MemoryWorld, withMetadata } from './memory-world.ts';

/** The object that is reconciled, and where it is found. */
export const KEY = 'DatabaseToken/metrics/telegraf';
export const PATH = '/apis/influxtokens.dev/v1alpha1/namespaces/metrics/databasetokens/telegraf';

/** One object called "telegraf", and the cluster called "default" that it is for. */
export class TokenStage {
  readonly memory = new MemoryWorld();
  readonly kubernetes = new MemoryKubernetes(() => this.memory.nextVersion());
  readonly clusters: Clusters;
  readonly reconciler: TokenReconciler;

  private constructor(log: Awaited<ReturnType<typeof createLogger>>) {
    const { world } = this.memory;
    const clock = new ManualClock(NOW);
    this.clusters = new Clusters(world, clock, INSTALLATION);
    this.reconciler = new TokenReconciler({
      world,
      clusters: this.clusters,
      client: this.kubernetes,
      narrator: new Narrator({ record: () => undefined }, log, createMetrics('test')),
      clock,
      newcomers: new Newcomers(clock),
      installation: INSTALLATION,
      minimumLifetime: 3_600_000,
      suspect: () => undefined,
    });
  }

  static async open(): Promise<TokenStage> {
    return new TokenStage(await createLogger({ level: 'fatal', format: 'json' }));
  }

  /** The object on the API server, shown by the watch. */
  readonly given = (object: TokenObject = databaseToken('telegraf')): void => {
    const { memory, kubernetes } = this;
    const store = object.kind === 'DatabaseToken' ? memory.databaseTokens : memory.managementTokens;
    const stored = memory.put(store, object);
    kubernetes.objects.set(PATH, { ...stored, metadata: { ...stored.metadata } });
  };

  /** A cluster that keeps its finalizer and has no access rule; its state, if it was looked at. */
  readonly givenCluster = (state: Partial<ClusterState> | undefined, finalizers: string[] = [FINALIZER]): void => {
    const object = this.memory.put(this.memory.clusters, withMetadata(cluster(), { finalizers }));
    if (state === undefined) return;
    this.clusters.set('default', { object, spec: object.spec, connection: connectionTo(new MemoryIssuer()), ...state });
  };

  /** Why the object is Ready or not, as the watch shows it. */
  readonly reason = (): string | undefined => {
    const { conditions } = this.memory.databaseTokens.get('metrics/telegraf')?.status ?? {};
    return conditions?.find(({ type }) => type === 'Ready')?.reason;
  };
}

const granted = { name: 'all', namespaces: { names: ['metrics'] }, databases: ['sensors'], actions: ['read' as const] };

/** The cluster's spec with a rule that allows the object, and without a probe. */
export const GRANTING = { ...cluster().spec, access: [granted], activationProbe: 'Disabled' as const };
