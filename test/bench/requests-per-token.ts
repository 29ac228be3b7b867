// How many requests a side made for each token, by verb and resource.

import { requestKind, type AuditEvent } from '../controlplane/audit.ts';
import type { RecordedRequest } from '../simulator/simulator.ts';
import { REQUESTS, type Figures } from './scenario.ts';

/** What was asked of the API server and of the simulator, each kind divided by so many tokens. */
export function requestsPerToken(
  kubernetes: readonly AuditEvent[],
  influxDB: readonly RecordedRequest[],
  tokens: number,
): Figures {
  const counts: Record<string, number> = {};
  for (const kind of [...kubernetes.map(requestKind), ...influxDB.map(influxDBRequest)]) {
    counts[`${REQUESTS}${kind}`] = (counts[`${REQUESTS}${kind}`] ?? 0) + 1 / tokens;
  }
  return counts;
}

function influxDBRequest({ method, path }: RecordedRequest): string {
  const [resource = ''] = path.replace('/api/v0', '').split('?');
  return `${method} ${resource.replace(/^\/tokens\/.*/, '/tokens/{id}')}`;
}
