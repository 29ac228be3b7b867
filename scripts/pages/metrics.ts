// The reference page of the metrics, from the one catalogue.

import { LABELS, METRICS, PREFIX, type MetricEntry } from '../../src/server/catalogue.ts';
import { table } from './table.ts';

/** `docs/reference/metrics.md`. */
export function metricsPage(): string {
  const rows = Object.entries<MetricEntry>(METRICS).map(([name, { type, labels, help, leaderOnly }]) => [
    `\`${PREFIX}${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    leaderOnly ? 'leader' : 'all',
    help,
  ]);
  const labels = Object.entries(LABELS).map(([name, meaning]) => [`\`${name}\``, meaning]);
  return `<!-- Made by "npm run generate"; edit src/server/catalogue.ts instead. -->
# Metrics

\`/metrics\` on port 8080 (\`--metrics-bind-address\`) speaks Prometheus' text format, and OpenMetrics to who asks for it. It holds names of
clusters, kinds and counts: no namespace, no object, no token id, and never a token. [Monitoring](../guides/monitoring.md) says what to watch.

Metrics from \`all\` replicas tell of the objects in Kubernetes and of the process itself; where several replicas run, take the \`max\`, not
the \`sum\`. Metrics from the \`leader\` tell of work, which the leader alone does. The process adds \`process_*\` and \`nodejs_*\`.

${table(['Metric', 'Type', 'Labels', 'From', 'Meaning'], rows)}

## Labels

${table(['Label', 'Values'], labels)}
`;
}
