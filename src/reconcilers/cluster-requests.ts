// What people ask of an InfluxDBCluster by annotation; whatever else is annotated there is no business of ours.

import { GROUP, REQUESTS, type TokenKind } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';

/**
 * Where the last `release-inventory` nonce that was acted upon is written down, so that a restart does not act upon it again. Each kind of
 * token has a brake of its own, and the nonce releases both.
 */
export const HANDLED_RELEASE: Readonly<Record<TokenKind, string>> = {
  DatabaseToken: `${GROUP}/handled-release-inventory`,
  ManagementToken: `${GROUP}/handled-release-management-inventory`,
};

/** All requests that stand there, for comparing. */
export function requestsOf({ metadata: { annotations } }: InfluxDBCluster): string {
  return JSON.stringify([annotations?.[REQUESTS.abandon], annotations?.[REQUESTS.releaseInventory]]);
}

/** The nonce by which an administrator lets a held inventory of a kind go on; `undefined` when there is none that was not acted upon. */
export function releaseOf({ metadata: { annotations } }: InfluxDBCluster, kind: TokenKind): string | undefined {
  const nonce = annotations?.[REQUESTS.releaseInventory];
  return nonce === undefined || nonce === annotations?.[HANDLED_RELEASE[kind]] ? undefined : nonce;
}
