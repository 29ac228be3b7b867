// What the Grafana dashboard shows, and when to worry.

/** A panel as it is thought of. */
export interface Panel {
  readonly type: 'stat' | 'timeseries';
  readonly title: string;
  /** What it shows and when to worry: Grafana shows it behind the "i". */
  readonly description: string;
  /** Grafana's name for it. */
  readonly unit: 'short' | 'percentunit' | 's' | 'ops' | 'bytes' | 'bool_yes_no';
  /** Query and, with several series, the legend: labels in double braces. */
  readonly queries: readonly (readonly [query: string, legend?: string])[];
  /** A value from which on it is red. */
  readonly redFrom?: number;
  /** A value below which it is red. */
  readonly redBelow?: number;
}

/** Panels under one heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const IN = '{namespace=~"$namespace"}';
const failed = 'namespace=~"$namespace", result!~"Success|NotFound"';

const stat = (panel: Omit<Panel, 'type'>): Panel => ({ type: 'stat', ...panel });
const graph = (panel: Omit<Panel, 'type'>): Panel => ({ type: 'timeseries', ...panel });

/** All of it, from top to bottom. */
export const ROWS: readonly Row[] = [
  {
    title: 'At a glance',
    panels: [
      stat({
        title: 'Token objects',
        description: 'All DatabaseTokens and ManagementTokens.',
        unit: 'short',
        queries: [[`sum(max by (kind, reason) (influxtokens_tokens${IN}))`]],
      }),
      stat({
        title: 'Ready',
        description: 'The part of them whose application is let in: Issued, IssuedUnverified or Rotating.',
        unit: 'percentunit',
        queries: [
          [
            `sum(max by (kind, reason) (influxtokens_tokens{namespace=~"$namespace", reason=~"Issued|IssuedUnverified|Rotating"})) / sum(max by (kind, reason) (influxtokens_tokens${IN}))`,
          ],
        ],
      }),
      stat({
        title: 'Leader',
        description: 'Whether a replica leads. Without one nothing is issued, renewed or revoked.',
        unit: 'bool_yes_no',
        queries: [[`max(influxtokens_leader${IN})`]],
        redBelow: 1,
      }),
      stat({
        title: 'Renewals late',
        description: 'Tokens past half of the time between renewal and end. Act before the other half is gone.',
        unit: 'short',
        queries: [[`sum(max by (kind) (influxtokens_renewals_late${IN}))`]],
        redFrom: 1,
      }),
      stat({
        title: 'Next end without renewal',
        description: 'When the first token with a fixed end (spec.expiresAt) ends. Empty when there is none.',
        unit: 's',
        queries: [[`min(influxtokens_earliest_fixed_end_timestamp_seconds${IN}) - time()`]],
        redBelow: 7 * 86_400,
      }),
      stat({
        title: 'Oldest pending revocation',
        description: 'How long a token that should be gone has worked on. Minutes say that InfluxDB is not reached.',
        unit: 's',
        queries: [[`max(influxtokens_revocation_oldest_age_seconds${IN})`]],
        redFrom: 900,
      }),
    ],
  },
  {
    title: 'Tokens',
    panels: [
      graph({
        title: 'Objects by reason',
        description: 'The reason of the condition Ready; the reference of conditions has cause and remedy of each.',
        unit: 'short',
        queries: [[`max by (kind, reason) (influxtokens_tokens${IN})`, '{{kind}} {{reason}}']],
      }),
      graph({
        title: 'Created, rotated, revoked, left alive per hour',
        description:
          'Changes on InfluxDB. Many tokens created without new objects say that something makes them useless.',
        unit: 'short',
        queries: [
          [`sum(increase(influxtokens_tokens_minted_total${IN}[1h]))`, 'created'],
          [`sum(increase(influxtokens_token_rotations_total${IN}[1h]))`, 'rotated'],
          [`sum(increase(influxtokens_tokens_revoked_total${IN}[1h]))`, 'revoked'],
          [`sum(increase(influxtokens_tokens_abandoned_total${IN}[1h]))`, 'left alive'],
        ],
      }),
      graph({
        title: 'Pending revocations',
        description: 'Objects in deletion, and tokens whose overlap is over, that InfluxDB still has to revoke.',
        unit: 'short',
        queries: [[`max by (kind) (influxtokens_revocations_pending${IN})`, '{{kind}}']],
      }),
    ],
  },
  {
    title: 'Clusters',
    panels: [
      graph({
        title: 'Clusters by reason',
        description: 'Connected is well. Everything else keeps tokens of this cluster from being issued and revoked.',
        unit: 'short',
        queries: [[`max by (cluster, reason) (influxtokens_cluster_reason${IN})`, '{{cluster}} {{reason}}']],
      }),
      graph({
        title: 'Connected',
        description: 'Whether the cluster answers and takes our credential, as the leader sees it.',
        unit: 'bool_yes_no',
        queries: [[`max by (cluster) (influxtokens_cluster_connected${IN})`, '{{cluster}}']],
      }),
      graph({
        title: 'Age of the inventory',
        description:
          'Since the last complete list of tokens. It stays below --inventory-interval, plus what a list takes.',
        unit: 's',
        queries: [
          [`time() - max by (cluster) (influxtokens_inventory_last_success_timestamp_seconds${IN})`, '{{cluster}}'],
        ],
      }),
      graph({
        title: 'Duration of the inventory',
        description: 'It grows with every token ever made: InfluxDB lists revoked ones for ever.',
        unit: 's',
        queries: [[`max by (cluster) (influxtokens_inventory_last_duration_seconds${IN})`, '{{cluster}}']],
      }),
      graph({
        title: 'Live tokens of this installation',
        description:
          'As the last inventory counted them on InfluxDB. In the long run: one an object, two while it rotates.',
        unit: 'short',
        queries: [[`max by (cluster) (influxtokens_inventory_tokens${IN})`, '{{cluster}}']],
      }),
      graph({
        title: 'Orphans, and the brake',
        description:
          'Live tokens of objects that are gone, per hour; and whether an inventory is held for a person to look.',
        unit: 'short',
        queries: [
          [`sum by (cluster) (increase(influxtokens_orphans_found_total${IN}[1h]))`, '{{cluster}} orphans'],
          [`max by (cluster) (influxtokens_inventory_held${IN})`, '{{cluster}} held'],
        ],
      }),
    ],
  },
  {
    title: 'Calls to InfluxDB',
    panels: [
      graph({
        title: 'Calls',
        description: 'By operation: one list an inventory, and a create and a probe or more for each new token.',
        unit: 'ops',
        queries: [[`sum by (operation) (rate(influxtokens_issuer_requests_total${IN}[5m]))`, '{{operation}}']],
      }),
      graph({
        title: 'Failures',
        description:
          'By operation and kind. OutcomeUnknown on create leaves an orphan, which the next inventory finds.',
        unit: 'ops',
        queries: [
          [
            `sum by (operation, result) (rate(influxtokens_issuer_requests_total{${failed}}[5m]))`,
            '{{operation}} {{result}}',
          ],
        ],
      }),
      graph({
        title: 'Duration, 99th percentile',
        description: 'How long calls take. A slow list is many tokens; a slow create is InfluxDB itself.',
        unit: 's',
        queries: [
          [
            `histogram_quantile(0.99, sum by (operation, le) (rate(influxtokens_issuer_request_duration_seconds_bucket${IN}[5m])))`,
            '{{operation}}',
          ],
        ],
      }),
    ],
  },
  {
    title: 'The operator',
    panels: [
      graph({
        title: 'Objects that wait',
        description: 'For a worker, in the leader. It rises after a start, and falls again.',
        unit: 'short',
        queries: [
          [
            `max by (queue) (influxtokens_queue_depth${IN} and on (namespace, pod, instance) influxtokens_leader == 1)`,
            '{{queue}}',
          ],
        ],
      }),
      graph({
        title: 'Longest wait and longest run',
        description:
          'Of an object for a worker, and of a worker with an object, in the leader. Minutes say that it is stuck.',
        unit: 's',
        queries: [
          [
            `max by (queue) (influxtokens_queue_oldest_age_seconds${IN} and on (namespace, pod, instance) influxtokens_leader == 1)`,
            '{{queue}} wait',
          ],
          [`max by (queue) (influxtokens_queue_longest_run_seconds${IN})`, '{{queue}} run'],
        ],
      }),
      graph({
        title: 'Reconciles',
        description: 'By kind and result. `error` comes back by itself; the log has each.',
        unit: 'ops',
        queries: [[`sum by (kind, result) (rate(influxtokens_reconcile_total${IN}[5m]))`, '{{kind}} {{result}}']],
      }),
      graph({
        title: 'Reconcile duration, 99th percentile',
        description: 'Most of it is waiting for InfluxDB.',
        unit: 's',
        queries: [
          [
            `histogram_quantile(0.99, sum by (kind, le) (rate(influxtokens_reconcile_duration_seconds_bucket${IN}[5m])))`,
            '{{kind}}',
          ],
        ],
      }),
      graph({
        title: 'Memory',
        description: 'Resident, by pod. It grows with the number of objects; the limit of the Deployment is 512 MiB.',
        unit: 'bytes',
        queries: [
          [`process_resident_memory_bytes${IN} and on (namespace, pod, instance) influxtokens_build_info`, '{{pod}}'],
        ],
      }),
      graph({
        title: 'Delay of the event loop, 99th percentile',
        description: 'How late timers fire. Near a second, the Lease is in danger: give it more CPU.',
        unit: 's',
        queries: [
          [
            `nodejs_eventloop_lag_p99_seconds${IN} and on (namespace, pod, instance) influxtokens_build_info`,
            '{{pod}}',
          ],
        ],
      }),
    ],
  },
];
