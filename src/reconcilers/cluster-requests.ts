// What people ask of an InfluxDBCluster by annotation; whatever else is annotated there is no business of ours.

import { GROUP, REQUESTS } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';

/** Where the last `release-inventory` nonce that was acted upon is written down, so that a restart does not act upon it again. */
export const HANDLED_RELEASE = `${GROUP}/handled-release-inventory`;

/** All requests that stand there, for comparing. */
export function requestsOf({ metadata: { annotations } }: InfluxDBCluster): string {
  return JSON.stringify([annotations?.[REQUESTS.abandon], annotations?.[REQUESTS.releaseInventory]]);
}

/** The nonce by which an administrator lets a held inventory go on; `undefined` when there is none that was not acted upon. */
export function releaseOf({ metadata: { annotations } }: InfluxDBCluster): string | undefined {
  const nonce = annotations?.[REQUESTS.releaseInventory];
  return nonce === undefined || nonce === annotations?.[HANDLED_RELEASE] ? undefined : nonce;
}
