// The operator's metrics; nothing else knows the Prometheus library.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { negotiate, toOpenMetrics } from './openmetrics.ts';
import type { Asked, Page } from './http.ts';

/** What a scrape shows of a queue; ages in milliseconds. */
export interface QueueView {
  readonly depth: number;
  readonly delayed: number;
  readonly processing: number;
  readonly oldestAge: number;
  readonly longestRun: number;
}

/** How many objects of a kind have Ready with a reason. */
export interface TokenCount {
  readonly kind: string;
  readonly reason: string;
  readonly count: number;
}

/**
 * What the rest of the operator tells about itself. Durations go in as milliseconds and come out in seconds, as Prometheus wants them.
 * Labels are bounded: kinds, outcomes, operations and reasons are fixed sets, and clusters are named by an administrator. A namespace, an
 * object or a token id is never one.
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
  /** An inventory found tokens of ours that no Secret names. */
  orphansFound(cluster: string, count: number): void;
  /** The brake of a cluster's inventory holds, or not any more. */
  inventoryHeld(cluster: string, held: boolean): void;
  clusterConnected(cluster: string, connected: boolean): void;
  /** An InfluxDBCluster is gone: nothing is told of it any more. */
  clusterGone(cluster: string): void;
  leading(is: boolean): void;

  /** Shows a queue at every scrape. */
  watchQueue(kind: string, look: () => QueueView): void;
  /** Shows the objects by reason at every scrape. */
  watchTokens(look: () => Iterable<TokenCount>): void;
  /** Shows how many Events were dropped so far. */
  watchDroppedEvents(look: () => number): void;
  /** Shows memory, CPU, garbage collection and the delay of the event loop. Once a process: it begins to measure. */
  watchProcess(): void;

  /** The page for a scrape, in OpenMetrics when the Accept header asks for it. */
  readonly page: (asked: Asked) => Promise<Page>;
}

/** From a store's look-up to a reconcile that waits for a slow issuer. */
const RECONCILE_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60];
/** From a pooled connection next door to the longest influxctl run. */
const REQUEST_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** All metrics, at zero. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: T[], collect?: () => void): Counter<T> =>
    new Counter({ name: `influxtokens_${name}`, help, labelNames, registers, ...(collect ? { collect } : {}) });
  const gauge = <T extends string>(name: string, help: string, labelNames: T[], collect?: () => void): Gauge<T> =>
    new Gauge({ name: `influxtokens_${name}`, help, labelNames, registers, ...(collect ? { collect } : {}) });
  const seconds = <T extends string>(name: string, help: string, labelNames: T[], buckets: number[]): Histogram<T> =>
    new Histogram({ name: `influxtokens_${name}_duration_seconds`, help, labelNames, buckets, registers });

  gauge('build_info', 'Always 1; the labels say what is running.', ['version', 'node_version']).set(
    { version, node_version: process.version },
    1,
  );

  const reconciles = counter('reconcile_total', 'Reconciles that ended, by kind of object and result.', [
    'kind',
    'result',
  ]);
  const reconcileSeconds = seconds('reconcile', 'How long reconciles took.', ['kind', 'result'], RECONCILE_SECONDS);
  const requests = counter('issuer_requests_total', 'Calls to InfluxDB, by operation and result.', [
    'operation',
    'result',
  ]);
  const requestSeconds = seconds(
    'issuer_request',
    'How long calls to InfluxDB took.',
    ['operation', 'result'],
    REQUEST_SECONDS,
  );

  const minted = counter('tokens_minted_total', 'Tokens created in InfluxDB.', ['kind']);
  const revoked = counter('tokens_revoked_total', 'Tokens revoked in InfluxDB.', ['kind']);
  const rotated = counter('token_rotations_total', 'Secrets that were given a successor of their token.', ['kind']);
  const abandoned = counter('tokens_abandoned_total', 'Tokens left alive in InfluxDB by a recorded decision.', [
    'kind',
  ]);
  const orphans = counter('orphans_found_total', 'Tokens of ours that an inventory found named by no Secret.', [
    'cluster',
  ]);
  const held = gauge('inventory_held', '1 while the brake keeps an inventory from revoking.', ['cluster']);
  const connected = gauge('cluster_connected', '1 while the cluster answers and takes our credential.', ['cluster']);
  const leader = gauge('leader', '1 while this process leads.', []);

  const queues = new Map<string, () => QueueView>();
  const queueGauge = (name: string, help: string, read: (view: QueueView) => number): void => {
    const made = gauge(name, help, ['kind'], () => {
      for (const [kind, look] of queues) made.set({ kind }, read(look()));
    });
  };
  queueGauge('queue_depth', 'Objects that wait for a worker.', (view) => view.depth);
  queueGauge('queue_delayed', 'Objects that are due later.', (view) => view.delayed);
  queueGauge('queue_processing', 'Objects that a worker holds.', (view) => view.processing);
  queueGauge(
    'queue_oldest_age_seconds',
    'How long the longest waiting object has waited.',
    (view) => view.oldestAge / 1_000,
  );
  queueGauge(
    'queue_longest_run_seconds',
    'How long the longest running reconcile has run.',
    (view) => view.longestRun / 1_000,
  );

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
    orphansFound: (cluster, count) => orphans.inc({ cluster }, count),
    inventoryHeld: (cluster, is) => held.set({ cluster }, Number(is)),
    clusterConnected: (cluster, is) => connected.set({ cluster }, Number(is)),
    clusterGone(cluster) {
      for (const metric of [orphans, held, connected]) metric.remove({ cluster });
    },
    leading: (is) => leader.set(Number(is)),

    watchQueue: (kind, look) => void queues.set(kind, look),
    watchTokens(look) {
      const help = 'Token objects, by kind and by the reason of their Ready condition.';
      const tokens = gauge('tokens', help, ['kind', 'reason'], () => {
        // Reasons that no object has any more must go.
        tokens.reset();
        for (const { kind, reason, count } of look()) tokens.set({ kind, reason }, count);
      });
    },
    watchDroppedEvents(look) {
      // It is counted elsewhere: only what was added since the last scrape is added here.
      let seen = 0;
      const help = 'Kubernetes Events that were not written: there were too many, or the API server refused.';
      const dropped = counter('events_dropped_total', help, [], () => {
        const now = look();
        dropped.inc(now - seen);
        seen = now;
      });
    },
    watchProcess() {
      // The defaults wake the process every 10 ms and 100 ms; these cost nothing that can be measured.
      collectDefaultMetrics({
        register: registry,
        eventLoopMonitoringPrecision: 50,
        eventLoopUtilizationTimeout: 1_000,
      });
    },

    async page({ accept }) {
      const text = await registry.metrics();
      return negotiate(accept) === 'openmetrics'
        ? { status: 200, contentType: Registry.OPENMETRICS_CONTENT_TYPE, body: toOpenMetrics(text) }
        : { status: 200, contentType: Registry.PROMETHEUS_CONTENT_TYPE, body: text };
    },
  };
}
