// The end of the operator's own credential, which nothing but a person or a rotation can put off.

import { jwtExpiry } from '../influxdb/credential.ts';
import type { TokenIssuer } from '../influxdb/issuer.ts';
import type { TokenString } from '../influxdb/token-string.ts';
import { rfc3339 } from '../resources/conditions.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';

/** So long before its end it is warned of: time enough to ask whoever may create another. */
const NOTICE = 14 * 24 * 3_600_000;

/** A renewal is late once this part of the time has passed that lies between it and the end. */
const LATE = 1 / 4;

/** A ManagementToken that is going to renew the credential. */
export interface Renewal {
  /** When it is due, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** `namespace/name`. */
  readonly by: string;
}

/**
 * When the credential ends, in milliseconds since the Unix epoch: by what it says itself, or else by what a list of tokens shows.
 * `undefined`: neither does.
 */
export function credentialEnd(
  credential: TokenString,
  issuers: readonly Pick<TokenIssuer, 'credentialEnd'>[],
): number | undefined {
  const shown = issuers.map((issuer) => issuer.credentialEnd).find((end) => end !== undefined);
  return jwtExpiry(credential.reveal()) ?? shown;
}

/**
 * What to say of a credential that ends before long; `undefined` while there is nothing to say, which is also so while it will be renewed
 * in time.
 */
export function credentialNotice(
  { spec }: InfluxDBCluster,
  end: number | undefined,
  renewal: Renewal | undefined,
  now: number,
): string | undefined {
  if (end === undefined || end - now > NOTICE) return undefined;
  if (renewal !== undefined && now < renewal.at + (end - renewal.at) * LATE) return undefined;
  const { name, key } = spec.credentials.secretRef;
  const ends = `The credential itself ends at ${rfc3339(end)}`;
  return renewal === undefined
    ? `${ends}: put another one into Secret ${name} under the key ${key} before.`
    : `${ends}, and ManagementToken ${renewal.by} should have renewed it at ${rfc3339(renewal.at)}: look what hinders it, or name a Secret with another credential before.`;
}
