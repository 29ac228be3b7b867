// InfluxDBCluster: connected or why not, and how many tokens on it are ours.

import { isDeepStrictEqual } from 'node:util';

import type { ReconcileResult } from '../controller/controller.ts';
import type { Influxctl } from '../influxdb/influxctl.ts';
import type { TokenString } from '../influxdb/token-string.ts';
import { conditionsOf, type Verdict } from '../resources/conditions.ts';
import { FINALIZER, TOKEN_KINDS } from '../resources/group.ts';
import type { ClusterStatus, InfluxDBCluster, InfluxDBClusterSpec } from '../resources/influxdb-cluster.ts';
import { problemLine, validateCluster } from '../resources/validate.ts';
import { settingsKey, type connect } from './cluster-connection.ts';
import { requestsOf } from './cluster-requests.ts';
import { OWN_KIND, type ClusterState } from './clusters.ts';
import { credentialEnd, credentialNotice } from './credential-end.ts';
import { heldCondition } from './inventory-held.ts';
import { InventoryTaker, type InventoryTakerOptions } from './inventory-taker.ts';
import { CredentialsMissing, type OperatorNamespace } from './operator-namespace.ts';
import { setFinalizer, writeStatus } from './own-objects.ts';
import { clusterRecord } from './records.ts';
import type { Held } from './sweeper.ts';

/** What the reconciler works with. */
export interface ClusterReconcilerOptions extends Omit<InventoryTakerOptions, 'kind'> {
  readonly namespace: OperatorNamespace;
  readonly version: string;
  /** Whether this process leads. */
  readonly mayAct: () => boolean;
  /** Called when the state of a cluster changed for its tokens. */
  readonly changed: (name: string) => void;
  readonly connect: typeof connect;
  /** Absent without `--influxctl`. */
  readonly influxctl?: Influxctl | undefined;
  /** Inventories of other issuers, which follow the connection. */
  readonly beside: readonly Pick<InventoryTaker, 'restart' | 'forget'>[];
}

/** Before another look at an object that changed under our hands, milliseconds. */
const AGAIN = 1_000;

/** What a connection was made with. */
interface Used {
  readonly settings: string;
  readonly credential: TokenString;
}

/** Reconciles InfluxDBClusters; see `Reconcile` for its contract. */
export class ClusterReconciler {
  readonly #options: ClusterReconcilerOptions;
  readonly #inventories: InventoryTaker;
  readonly #used = new Map<string, Used>();

  constructor(options: ClusterReconcilerOptions) {
    this.#options = options;
    this.#inventories = new InventoryTaker({ ...options, kind: OWN_KIND });
  }

  /**
   * A call on the cluster failed in a way that concerns all its tokens, or left its outcome unknown: it is looked at again, as soon as the
   * share of lists allows. Answers in how many milliseconds; `undefined` when that was going to happen anyway.
   */
  suspect(name: string): number | undefined {
    return this.#inventories.suspect(name);
  }

  readonly reconcile = async (name: string, signal: AbortSignal): Promise<ReconcileResult> => {
    const { world, clusters, client, metrics, changed } = this.#options;
    const found = world.collections.clusters.get(name);
    if (found === undefined) {
      this.#used.delete(name);
      for (const inventories of [this.#inventories, ...this.#options.beside]) inventories.forget(name);
      // While objects refer to it, its tokens may still have to be revoked, and nothing but this connection could.
      if (world.references(name) === 0) await clusters.forget(name);
      metrics.clusterGone(name);
      changed(name);
      return {};
    }
    const object = await this.#keepWhileReferred(found, signal);
    if (object === 'gone') return {};
    if (object === 'changed') return { requeueAfter: AGAIN };
    const before = clusters.get(name);
    const state = await this.#look(object, before, signal);
    // Objects whose turn came before the cluster was proven were sent away.
    const awaited = clusters.get(name)?.unproven === true;
    clusters.set(name, state);
    // Before the status is written: that may fail, and the next look would find nothing new.
    if (awaited || before === undefined || newsworthy(before, state)) changed(name);
    metrics.clusterConnected(name, state.hindrance === undefined);
    const notice = this.#credentialNotice(object, state);
    const verdict: Verdict = state.hindrance ?? connectedVerdict(object, notice);
    const status = this.#statusOf(object, verdict, this.#heldOn(name));
    let stale = false;
    if (status !== object.status) {
      this.#options.narrator.verdict(object, verdict);
      if (notice !== undefined && verdict.message.includes(notice)) {
        this.#options.narrator.credentialEnds(object, notice);
      }
      const written = await writeStatus(client, object, status, signal);
      stale = written === undefined;
      if (written !== undefined) world.collections.clusters.observe(clusterRecord(written));
    }
    // Not every change of a cluster wakes its reconciler, and this one kept the status from being written.
    if (stale) return { requeueAfter: AGAIN };
    const nextAt = this.#inventories.nextAt(name);
    // A list that is not allowed now stays due: to come back for it would be to come back at once, again and again.
    if (nextAt === undefined || waitsForChange(state)) return {};
    return { requeueAfter: Math.max(0, nextAt - this.#options.clock.now()) };
  };

  /**
   * The finalizer stands while objects refer to the cluster, so that their tokens can be revoked before it goes. `changed`: somebody
   * else was faster, and may have changed what wakes nobody.
   */
  async #keepWhileReferred(
    object: InfluxDBCluster,
    signal: AbortSignal,
  ): Promise<InfluxDBCluster | 'gone' | 'changed'> {
    const { world, client } = this.#options;
    const { name, deletionTimestamp, finalizers = [] } = object.metadata;
    const wanted = world.references(name) > 0;
    if (wanted === finalizers.includes(FINALIZER) || (wanted && deletionTimestamp !== undefined)) return object;
    const written = await setFinalizer(client, object, wanted, signal);
    if (written === undefined) return 'gone';
    const now = clusterRecord(written);
    if (now.metadata.deletionTimestamp !== undefined && (now.metadata.finalizers ?? []).length === 0) return 'gone';
    world.collections.clusters.observe(now);
    return wanted === (now.metadata.finalizers ?? []).includes(FINALIZER) ? now : 'changed';
  }

  async #look(object: InfluxDBCluster, before: ClusterState | undefined, signal: AbortSignal): Promise<ClusterState> {
    const kept: ClusterState = {
      object,
      ...(before?.connection === undefined ? {} : { connection: before.connection }),
      ...(before?.held === undefined ? {} : { held: before.held }),
      ...(before?.inventory === undefined || before.object.metadata.uid !== object.metadata.uid
        ? {}
        : { inventory: before.inventory }),
    };
    const validation = validateCluster(object);
    if (!validation.ok) {
      return { ...kept, hindrance: { reason: 'InvalidSpec', message: problemLine(validation.problems), remedy: '' } };
    }
    const { spec } = validation;
    let state: ClusterState;
    try {
      state = await this.#connected({ ...kept, spec }, spec, signal);
    } catch (error) {
      if (error instanceof CredentialsMissing || error instanceof UnusableSettings) {
        return { ...kept, spec, hindrance: error.verdict };
      }
      throw error;
    }
    if (spec.suspend === true) return state;
    return this.#inventories.look(state, before, signal);
  }

  /** What the brakes hold back; there is one for each kind, and the first that holds is told. */
  #heldOn(name: string): Held | undefined {
    return TOKEN_KINDS.map((kind) => this.#options.clusters.get(name, kind)?.held).find((held) => held !== undefined);
  }

  /** A connection for today's settings; the one that is there if they did not change. */
  async #connected(state: ClusterState, spec: InfluxDBClusterSpec, signal: AbortSignal): Promise<ClusterState> {
    const { namespace, clock, connect, version, mayAct, log, metrics, influxctl } = this.#options;
    const { name } = state.object.metadata;
    const credential = await namespace.credential(spec, signal);
    const caBundle = await namespace.caBundle(spec, signal);
    const settings = settingsKey({ spec, caBundle });
    const used = this.#used.get(name);
    if (used !== undefined && used.settings === settings && state.connection !== undefined) {
      if (used.credential.reveal() !== credential.reveal()) {
        state.connection.useCredential(credential);
        this.#used.set(name, { settings, credential });
        this.#restart(name);
      }
      return state;
    }
    try {
      const connection = connect({ spec, caBundle }, credential, {
        clock,
        version,
        mayAct,
        influxctl,
        observe: (operation, result, milliseconds) => metrics.issuerRequest(operation, result, milliseconds),
      });
      // Requests in flight on the former connection would only say what the former settings led to.
      state.connection?.close().catch((err: unknown) => log.debug({ err }, 'closing a connection failed'));
      this.#used.set(name, { settings, credential });
      this.#restart(name);
      // What was listed over the former connection says nothing about what this one leads to.
      const { inventory: _, ...rest } = state;
      return { ...rest, connection };
    } catch (error) {
      throw new UnusableSettings(`spec.tls: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #restart(name: string): void {
    for (const inventories of [this.#inventories, ...this.#options.beside]) inventories.restart(name);
  }

  /** Tells metrics of the credential's own end; answers what to say of it, if anything. */
  #credentialNotice(object: InfluxDBCluster, { connection, spec }: ClusterState): string | undefined {
    const { clock, metrics, namespace } = this.#options;
    const { name } = object.metadata;
    const used = this.#used.get(name);
    const end =
      used === undefined ? undefined : credentialEnd(used.credential, Object.values(connection?.issuers ?? {}));
    metrics.credentialEnds(name, end);
    return credentialNotice(object, end, spec === undefined ? undefined : namespace.renewal(spec), clock.now());
  }

  #statusOf(object: InfluxDBCluster, verdict: Verdict, held: Held | undefined): ClusterStatus {
    const before: ClusterStatus = object.status ?? {};
    const { generation } = object.metadata;
    const now = this.#options.clock.now();
    const conditions = conditionsOf(verdict, before.conditions ?? [], generation, now);
    if (held !== undefined) conditions.push(heldCondition(held, before.conditions ?? [], generation, now));
    const status: ClusterStatus = {
      observedGeneration: generation,
      // Synced is about an object and its token; a cluster has none.
      conditions: conditions.filter(({ type }) => type !== 'Synced'),
      tokens: this.#options.world.issued(object.metadata.name),
    };
    return object.status !== undefined && isDeepStrictEqual(object.status, status) ? object.status : status;
  }
}

/** Settings that make no connection. */
class UnusableSettings extends Error {
  readonly verdict: Verdict;

  constructor(message: string) {
    super(message);
    this.verdict = { reason: 'InvalidSpec', message };
  }
}

function connectedVerdict({ spec }: InfluxDBCluster, notice: string | undefined): Verdict {
  if (spec.suspend === true) {
    return {
      reason: 'Suspended',
      message: 'spec.suspend is true: nothing is minted, changed or revoked on this cluster.',
    };
  }
  const message = 'The Management API answers and takes the credential.';
  return { reason: 'Connected', message: notice === undefined ? message : `${message} ${notice}` };
}

/** Whether nothing is to be done before the cluster, or what it refers to, is changed. */
function waitsForChange({ object, hindrance }: ClusterState): boolean {
  return (
    object.spec.suspend === true || hindrance?.reason === 'InvalidSpec' || hindrance?.reason === 'CredentialsMissing'
  );
}

/** Whether tokens may see the cluster otherwise than before. */
function newsworthy(before: ClusterState, after: ClusterState): boolean {
  const facts = ({ object, hindrance }: ClusterState): unknown => [
    object.metadata.uid,
    object.metadata.generation,
    requestsOf(object),
    object.metadata.finalizers,
    hindrance,
  ];
  return JSON.stringify(facts(before)) !== JSON.stringify(facts(after));
}
