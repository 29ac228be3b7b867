// Where the reconciler of clusters plays in unit tests: an API server, an InfluxDB and a clock in memory.

import type { ReconcileResult } from '../../src/controller/controller.ts';
import { IssuerError } from '../../src/influxdb/errors.ts';
import { createLogger } from '../../src/logging.ts';
import { ClusterReconciler } from '../../src/reconcilers/cluster-reconciler.ts';
import { Clusters, type ClusterState } from '../../src/reconcilers/clusters.ts';
import { Narrator } from '../../src/reconcilers/narrator.ts';
import { OperatorNamespace } from '../../src/reconcilers/operator-namespace.ts';
import { Sweeper } from '../../src/reconcilers/sweeper.ts';
import type { InfluxDBCluster } from '../../src/resources/influxdb-cluster.ts';
import { rfc3339 } from '../../src/resources/conditions.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { aLedger, id, INSTALLATION, NOW } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { connectionTo, MemoryIssuer } from './memory-issuer.ts';
import { MemoryKubernetes } from './memory-kubernetes.ts';
import {
  cluster,
  databaseToken,
  managedSecret,
  MemoryWorld,
  OPERATOR_NAMESPACE,
  own,
  withMetadata,
  withToken,
} from './memory-world.ts';

/** Where the cluster and its credential are found. */
export const CLUSTER_PATH = '/apis/influxtokens.dev/v1alpha1/influxdbclusters/default';
export const CREDENTIAL_PATH = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets/influxdb-admin`;
/** Between inventories. */
export const INTERVAL = 600_000;

/** One cluster called "default", its credential, and everything that is told. */
export class ClusterStage {
  readonly memory = new MemoryWorld();
  readonly kubernetes = new MemoryKubernetes(() => this.memory.nextVersion());
  readonly issuer = new MemoryIssuer();
  readonly clock = new ManualClock(NOW);
  readonly reconciler: ClusterReconciler;
  /** Names of clusters whose tokens were woken. */
  readonly changed: string[] = [];
  /** Reasons of Events. */
  readonly events: string[] = [];
  /** URLs that were connected to. */
  readonly connected: string[] = [];
  /** Credentials that were used, in order. */
  readonly credentials: string[] = [];
  /** How many connections were closed. */
  closed = 0;
  readonly #clusters: Clusters;

  private constructor(log: Awaited<ReturnType<typeof createLogger>>) {
    const { kubernetes: client, clock, memory } = this;
    const { world } = memory;
    const metrics = createMetrics('test');
    this.#clusters = new Clusters(world, clock, INSTALLATION);
    this.reconciler = new ClusterReconciler({
      world,
      clusters: this.#clusters,
      client,
      namespace: new OperatorNamespace(client, world, OPERATOR_NAMESPACE),
      narrator: new Narrator({ record: ({ reason }) => void this.events.push(reason) }, log, metrics),
      metrics,
      clock,
      log,
      version: 'test',
      mayAct: () => true,
      beside: [],
      inventoryInterval: INTERVAL,
      sweeper: new Sweeper({ client, world, log, metrics, installation: INSTALLATION, watchNamespaces: [] }),
      changed: (name) => void this.changed.push(name),
      inventoried: () => undefined,
      connect: ({ spec }, credential) => {
        if (spec.url.includes('unusable')) throw new Error('the bundle holds no certificate that can be read');
        this.connected.push(spec.url);
        this.credentials.push(credential.reveal());
        return {
          ...connectionTo(this.issuer, () => (this.closed += 1)),
          useCredential: (next) => void this.credentials.push(next.reveal()),
        };
      },
    });
    this.credential('first');
  }

  static async create(): Promise<ClusterStage> {
    return new ClusterStage(await createLogger({ level: 'fatal', format: 'json' }));
  }

  /** Puts the cluster, or a new version of it, on the API server, and has the watch show it. */
  given(object: InfluxDBCluster = cluster()): void {
    const stored = this.memory.put(this.memory.clusters, object);
    this.kubernetes.objects.set(CLUSTER_PATH, { ...stored, metadata: { ...stored.metadata } });
  }

  /** Somebody changes what is no news, and the watch has not shown it yet. */
  changeUnseen(): void {
    const stored = this.kubernetes.objects.get(CLUSTER_PATH);
    if (stored === undefined) throw new Error('there is no cluster');
    const metadata = { ...stored.metadata, resourceVersion: this.memory.nextVersion(), labels: { team: 'a' } };
    this.kubernetes.objects.set(CLUSTER_PATH, { ...stored, metadata });
  }

  /** Puts another credential into the Secret. */
  credential(value: string): void {
    const { metadata } = this.memory.put(this.memory.ownSecrets, own('influxdb-admin'));
    this.kubernetes.objects.set(CREDENTIAL_PATH, {
      metadata,
      data: { token: Buffer.from(value).toString('base64') },
    });
  }

  /** The Secret of the credential is that of a ManagementToken, which is due for renewal then. */
  isRenewed(by: string, nextRotation: number): void {
    const { memory } = this;
    const record = managedSecret('influxdb-admin', id(1), `${by}-uid`);
    const ledger = aLedger({ tokenID: id(1), object: `ManagementToken/${OPERATOR_NAMESPACE}/${by}/${by}-uid` });
    memory.put(memory.secrets, { ...withMetadata(record, { namespace: OPERATOR_NAMESPACE }), ledger });
    const object = withMetadata(withToken(databaseToken(by), id(1)), { namespace: OPERATOR_NAMESPACE });
    const status = { ...object.status, nextRotation: rfc3339(nextRotation) };
    memory.put(memory.managementTokens, { ...object, kind: 'ManagementToken', spec: {}, status });
  }

  reconcile(): Promise<ReconcileResult> {
    return this.reconciler.reconcile('default', new AbortController().signal);
  }

  /** The cluster as it now is. */
  get object(): InfluxDBCluster {
    const object = this.memory.clusters.get('default');
    if (object === undefined) throw new Error('there is no cluster');
    return object;
  }

  /** What tokens see of it. */
  get state(): ClusterState | undefined {
    return this.#clusters.get('default');
  }

  /** The reason of Ready. */
  get reason(): string | undefined {
    return this.object.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  }

  /** Whether the condition InventoryHeld stands. */
  get held(): boolean {
    return this.object.status?.conditions?.some(({ type }) => type === 'InventoryHeld') === true;
  }

  /** From now on, until somebody says otherwise, lists fail. */
  failLists(error = new IssuerError('Unavailable', 'connection refused')): void {
    this.issuer.interfere = (operation) => {
      if (operation === 'list') throw error;
    };
  }

  recover(): void {
    this.issuer.interfere = () => undefined;
  }
}
