// The operator's metrics; nothing else knows the Prometheus library.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { TOKEN_KINDS } from '../resources/group.ts';
import { METRICS, PREFIX, type MetricEntry } from './catalogue.ts';
import type { Asked, Page } from './http.ts';
import { negotiate, toOpenMetrics } from './openmetrics.ts';

/** Milliseconds between two samples of the delay of the event loop; Prometheus is told the delay and these together. */
export const LOOP_SAMPLES = 500;

/** What a scrape shows of a queue; ages in milliseconds. */
export interface QueueView {
  readonly depth: number;
  readonly delayed: number;
  readonly processing: number;
  readonly oldestAge: number;
  readonly longestRun: number;
}

/** What a scrape shows of the token objects of a kind; ages in milliseconds. */
export interface TokenFigures {
  readonly kind: string;
  /** How many have Ready with a reason. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly renewalsLate: number;
  /** When the first token ends that nothing renews, milliseconds since the Unix epoch; absent when there is none. */
  readonly firstEnd?: number;
  readonly revocationsPending: number;
  readonly oldestRevocation: number;
}

/** What a scrape shows of a cluster. */
export interface ClusterFigures {
  readonly cluster: string;
  /** Of its Ready condition. */
  readonly reason: string;
}

/** One complete list of the tokens of a cluster; times in milliseconds since the Unix epoch. */
export interface InventoryFigures {
  readonly begun: number;
  readonly finished: number;
  /** Live tokens of this installation. */
  readonly live: number;
}

/**
 * What the rest of the operator tells about itself. Durations go in as milliseconds and come out in seconds, as Prometheus wants them.
 * What each metric means stands in the catalogue.
 */
export interface Metrics {
  /** A reconcile ended. */
  reconciled(kind: string, result: string, milliseconds: number): void;
  /** A call to an issuer or to the data API ended: `result` is `Success` or the kind of its error. */
  issuerRequest(operation: string, result: string, milliseconds: number): void;
  minted(kind: string): void;
  revoked(kind: string): void;
  rotated(kind: string): void;
  /** A token was let go of alive, by a recorded decision. */
  abandoned(kind: string): void;
  inventoryTaken(cluster: string, kind: string, figures: InventoryFigures): void;
  /** An inventory found tokens of ours that no Secret names. */
  orphansFound(cluster: string, kind: string, count: number): void;
  /** The brake of a cluster's inventory of a kind holds, or not any more. */
  inventoryHeld(cluster: string, kind: string, held: boolean): void;
  clusterConnected(cluster: string, connected: boolean): void;
  /** When the credential of a cluster ends, in milliseconds since the Unix epoch; `undefined`: nobody knows. */
  credentialEnds(cluster: string, at: number | undefined): void;
  /** How far the clock of a cluster is ahead of ours. */
  clockSkew(cluster: string, milliseconds: number): void;
  /** An InfluxDBCluster is gone: nothing is told of it any more. */
  clusterGone(cluster: string): void;
  leading(is: boolean): void;

  /** Shows a queue at every scrape. */
  watchQueue(queue: string, look: () => QueueView): void;
  /** Shows the token objects at every scrape. */
  watchTokens(look: () => Iterable<TokenFigures>): void;
  /** Shows the clusters at every scrape. */
  watchClusters(look: () => Iterable<ClusterFigures>): void;
  /** Shows how many Events were dropped so far. */
  watchDroppedEvents(look: () => number): void;
  /** Shows memory, CPU, garbage collection and the delay of the event loop. Once a process: it begins to measure. */
  watchProcess(): void;

  /** The page for a scrape, in OpenMetrics when the Accept header asks for it. */
  readonly page: (asked: Asked) => Promise<Page>;
}

type Name<Type extends MetricEntry['type']> = {
  [K in keyof typeof METRICS]: (typeof METRICS)[K]['type'] extends Type ? K : never;
}[keyof typeof METRICS];
type Labels<K extends keyof typeof METRICS> = (typeof METRICS)[K]['labels'][number];

/** All metrics, at zero. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const described = <K extends keyof typeof METRICS>(
    name: K,
  ): { name: string; help: string; labelNames: Labels<K>[]; registers: [Registry] } => {
    const { help, labels }: MetricEntry = METRICS[name];
    return { name: `${PREFIX}${name}`, help, labelNames: [...labels] as Labels<K>[], registers: [registry] };
  };
  const counter = <K extends Name<'counter'>>(name: K): Counter<Labels<K>> => new Counter(described(name));
  const gauge = <K extends Name<'gauge'>>(name: K): Gauge<Labels<K>> => new Gauge(described(name));
  const histogram = <K extends Name<'histogram'>>(name: K): Histogram<Labels<K>> =>
    new Histogram({ ...described(name), buckets: [...METRICS[name].buckets] });

  gauge('build_info').set({ version, node_version: process.version }, 1);
  const leader = gauge('leader');

  const tokens = gauge('tokens');
  const renewalsLate = gauge('renewals_late');
  const firstEnds = gauge('earliest_fixed_end_timestamp_seconds');
  const revocations = gauge('revocations_pending');
  const revocationAge = gauge('revocation_oldest_age_seconds');
  const clusterReason = gauge('cluster_reason');

  const minted = counter('tokens_minted_total');
  const revoked = counter('tokens_revoked_total');
  const rotated = counter('token_rotations_total');
  const abandoned = counter('tokens_abandoned_total');
  // A counter that begins with its first event has no increase for it, and no alert would see a single one.
  for (const kind of TOKEN_KINDS) for (const metric of [minted, revoked, rotated, abandoned]) metric.inc({ kind }, 0);

  const connected = gauge('cluster_connected');
  const credentialEnd = gauge('credential_expiry_timestamp_seconds');
  const skew = gauge('clock_skew_seconds');
  const inventoryEnd = gauge('inventory_last_success_timestamp_seconds');
  const inventorySeconds = gauge('inventory_last_duration_seconds');
  const inventoryTokens = gauge('inventory_tokens');
  const held = gauge('inventory_held');
  const orphans = counter('orphans_found_total');

  const requests = counter('issuer_requests_total');
  const requestSeconds = histogram('issuer_request_duration_seconds');

  const reconciles = counter('reconcile_total');
  const reconcileSeconds = histogram('reconcile_duration_seconds');
  const queueDepth = gauge('queue_depth');
  const queueDelayed = gauge('queue_delayed');
  const queueProcessing = gauge('queue_processing');
  const queueAge = gauge('queue_oldest_age_seconds');
  const queueRun = gauge('queue_longest_run_seconds');
  const eventsDropped = counter('events_dropped_total');

  /** What is looked up at every scrape. */
  const looks: (() => void)[] = [];

  return {
    reconciled(kind, result, milliseconds) {
      reconciles.inc({ kind, result });
      reconcileSeconds.observe({ kind, result }, milliseconds / 1_000);
    },
    issuerRequest(operation, result, milliseconds) {
      requests.inc({ operation, result });
      requestSeconds.observe({ operation, result }, milliseconds / 1_000);
    },
    minted: (kind) => minted.inc({ kind }),
    revoked: (kind) => revoked.inc({ kind }),
    rotated: (kind) => rotated.inc({ kind }),
    abandoned: (kind) => abandoned.inc({ kind }),
    inventoryTaken(cluster, kind, { begun, finished, live }) {
      inventoryEnd.set({ cluster, kind }, finished / 1_000);
      inventorySeconds.set({ cluster, kind }, (finished - begun) / 1_000);
      inventoryTokens.set({ cluster, kind }, live);
    },
    orphansFound: (cluster, kind, count) => orphans.inc({ cluster, kind }, count),
    inventoryHeld: (cluster, kind, is) => held.set({ cluster, kind }, Number(is)),
    clusterConnected(cluster, is) {
      connected.set({ cluster }, Number(is));
      for (const kind of TOKEN_KINDS) orphans.inc({ cluster, kind }, 0);
    },
    credentialEnds(cluster, at) {
      if (at === undefined) credentialEnd.remove({ cluster });
      else credentialEnd.set({ cluster }, at / 1_000);
    },
    clockSkew: (cluster, milliseconds) => skew.set({ cluster }, milliseconds / 1_000),
    clusterGone(cluster) {
      for (const metric of [connected, credentialEnd, skew]) metric.remove({ cluster });
      for (const metric of [inventoryEnd, inventorySeconds, inventoryTokens, held, orphans]) {
        for (const kind of TOKEN_KINDS) metric.remove({ cluster, kind });
      }
    },
    leading: (is) => leader.set(Number(is)),

    watchQueue(queue, look) {
      looks.push(() => {
        const { depth, delayed, processing, oldestAge, longestRun } = look();
        queueDepth.set({ queue }, depth);
        queueDelayed.set({ queue }, delayed);
        queueProcessing.set({ queue }, processing);
        queueAge.set({ queue }, oldestAge / 1_000);
        queueRun.set({ queue }, longestRun / 1_000);
      });
    },
    watchTokens(look) {
      looks.push(() => {
        // Reasons that no object has any more must go, and ends that are no longer to come.
        tokens.reset();
        firstEnds.reset();
        for (const { kind, reasons, firstEnd, ...figures } of look()) {
          for (const [reason, count] of reasons) tokens.set({ kind, reason }, count);
          if (firstEnd !== undefined) firstEnds.set({ kind }, firstEnd / 1_000);
          renewalsLate.set({ kind }, figures.renewalsLate);
          revocations.set({ kind }, figures.revocationsPending);
          revocationAge.set({ kind }, figures.oldestRevocation / 1_000);
        }
      });
    },
    watchClusters(look) {
      looks.push(() => {
        clusterReason.reset();
        for (const labels of look()) clusterReason.set({ ...labels }, 1);
      });
    },
    watchDroppedEvents(look) {
      // It is counted elsewhere: only what was added since the last scrape is added here.
      let seen = 0;
      looks.push(() => {
        const now = look();
        eventsDropped.inc(now - seen);
        seen = now;
      });
    },
    watchProcess() {
      // The defaults wake the process every 10 ms and every 100 ms. Waking it was most of what it cost at rest.
      collectDefaultMetrics({
        register: registry,
        eventLoopMonitoringPrecision: LOOP_SAMPLES,
        eventLoopUtilizationTimeout: 10_000,
      });
    },

    async page({ accept }) {
      for (const look of looks) look();
      const text = await registry.metrics();
      return negotiate(accept) === 'openmetrics'
        ? { status: 200, contentType: Registry.OPENMETRICS_CONTENT_TYPE, body: toOpenMetrics(text) }
        : { status: 200, contentType: Registry.PROMETHEUS_CONTENT_TYPE, body: text };
    },
  };
}
