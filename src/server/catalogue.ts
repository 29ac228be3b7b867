// The one catalogue of our metrics: names, types, words and labels, from which the page and its reference follow.

/** A metric as a person meets it. */
export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence, as it stands on the page. */
  readonly help: string;
  readonly labels: readonly (keyof typeof LABELS)[];
  /** Upper bounds in seconds, of a histogram. */
  readonly buckets?: readonly number[];
  /** Shown by the replica that leads alone; the others show nothing of it, or zero. */
  readonly leaderOnly?: true;
}

/**
 * What the labels say. Each is bounded: fixed sets, and the clusters, which an administrator names. A namespace, an object or a token id
 * is never one: a tenant could make as many series as he has objects, and a page of metrics is read by more people than a Secret.
 */
export const LABELS = {
  version: 'The version of the operator.',
  node_version: 'The version of Node.js.',
  kind: '`DatabaseToken` or `ManagementToken`; for reconciles also `InfluxDBCluster`.',
  cluster: 'The name of an `InfluxDBCluster`.',
  queue: '`tokens` or `clusters`.',
  operation: '`list`, `create`, `get`, `update`, `revoke` or `probe`.',
  result:
    'Of a reconcile: `success`, `requeued`, `error` or `aborted`. Of a call: `Success`, or the kind of its error (`Refused`, `CredentialsRejected`, `NotFound`, `Unavailable`, `Unreadable`, `OutcomeUnknown`), or `Aborted`.',
  reason: 'The reason of the condition Ready, see [conditions](conditions.md); `None` before there is one.',
} as const;

/** From a store's look-up to a reconcile that waits for a slow issuer. */
const RECONCILE_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60];
/** From a pooled connection next door to the longest influxctl run. */
const REQUEST_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** All of them, in the order of the page, without their prefix. */
export const METRICS = {
  build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what is running.',
    labels: ['version', 'node_version'],
  },
  leader: { type: 'gauge', help: '1 while this process leads.', labels: [] },

  tokens: {
    type: 'gauge',
    help: 'Token objects, by kind and by the reason of their Ready condition.',
    labels: ['kind', 'reason'],
  },
  renewals_late: {
    type: 'gauge',
    help: 'Tokens that are past half of the time between their renewal and their end, and are not renewed.',
    labels: ['kind'],
  },
  earliest_fixed_end_timestamp_seconds: {
    type: 'gauge',
    help: 'When the first of the tokens ends that nothing renews; absent when there is none.',
    labels: ['kind'],
  },
  revocations_pending: {
    type: 'gauge',
    help: 'Objects that wait in deletion for the revocation of their tokens, and tokens whose overlap is over.',
    labels: ['kind'],
  },
  revocation_oldest_age_seconds: {
    type: 'gauge',
    help: 'How long the longest pending revocation has been due.',
    labels: ['kind'],
  },
  cluster_reason: {
    type: 'gauge',
    help: '1 for the reason of the Ready condition of a cluster.',
    labels: ['cluster', 'reason'],
  },

  tokens_minted_total: { type: 'counter', help: 'Tokens created in InfluxDB.', labels: ['kind'], leaderOnly: true },
  tokens_revoked_total: { type: 'counter', help: 'Tokens revoked in InfluxDB.', labels: ['kind'], leaderOnly: true },
  token_rotations_total: {
    type: 'counter',
    help: 'Secrets that were given a successor of their token.',
    labels: ['kind'],
    leaderOnly: true,
  },
  tokens_abandoned_total: {
    type: 'counter',
    help: 'Tokens left alive in InfluxDB by a recorded decision.',
    labels: ['kind'],
    leaderOnly: true,
  },

  cluster_connected: {
    type: 'gauge',
    help: '1 while the cluster answers and takes our credential.',
    labels: ['cluster'],
    leaderOnly: true,
  },
  credential_expiry_timestamp_seconds: {
    type: 'gauge',
    help: "When the operator's credential for the cluster ends; absent where that is not known.",
    labels: ['cluster'],
    leaderOnly: true,
  },
  clock_skew_seconds: {
    type: 'gauge',
    help: "How far the clock of the cluster is ahead of the operator's, at the last list.",
    labels: ['cluster'],
    leaderOnly: true,
  },
  inventory_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last complete list of the tokens of a cluster ended.',
    labels: ['cluster', 'kind'],
    leaderOnly: true,
  },
  inventory_last_duration_seconds: {
    type: 'gauge',
    help: 'How long the last complete list of the tokens of a cluster took.',
    labels: ['cluster', 'kind'],
    leaderOnly: true,
  },
  inventory_tokens: {
    type: 'gauge',
    help: 'Live tokens of this installation in the last complete list.',
    labels: ['cluster', 'kind'],
    leaderOnly: true,
  },
  inventory_held: {
    type: 'gauge',
    help: '1 while the brake keeps an inventory from revoking.',
    labels: ['cluster', 'kind'],
    leaderOnly: true,
  },
  orphans_found_total: {
    type: 'counter',
    help: 'Live tokens of objects that are gone, found by inventories; while the brake holds, each inventory counts them again.',
    labels: ['cluster', 'kind'],
    leaderOnly: true,
  },

  issuer_requests_total: {
    type: 'counter',
    help: 'Calls to InfluxDB, by operation and result.',
    labels: ['operation', 'result'],
    leaderOnly: true,
  },
  issuer_request_duration_seconds: {
    type: 'histogram',
    help: 'How long calls to InfluxDB took.',
    labels: ['operation', 'result'],
    buckets: REQUEST_SECONDS,
    leaderOnly: true,
  },

  reconcile_total: {
    type: 'counter',
    help: 'Reconciles that ended, by kind of object and result.',
    labels: ['kind', 'result'],
    leaderOnly: true,
  },
  reconcile_duration_seconds: {
    type: 'histogram',
    help: 'How long reconciles took.',
    labels: ['kind', 'result'],
    buckets: RECONCILE_SECONDS,
    leaderOnly: true,
  },
  queue_depth: { type: 'gauge', help: 'Objects that wait for a worker.', labels: ['queue'] },
  queue_delayed: { type: 'gauge', help: 'Objects that are due later.', labels: ['queue'] },
  queue_processing: { type: 'gauge', help: 'Objects that a worker holds.', labels: ['queue'] },
  queue_oldest_age_seconds: {
    type: 'gauge',
    help: 'How long the longest waiting object has waited.',
    labels: ['queue'],
  },
  queue_longest_run_seconds: {
    type: 'gauge',
    help: 'How long the longest running reconcile has run.',
    labels: ['queue'],
  },
  events_dropped_total: {
    type: 'counter',
    help: 'Kubernetes Events that were not written: there were too many, or the API server refused.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

/** What stands before every name. */
export const PREFIX = 'influxtokens_';
