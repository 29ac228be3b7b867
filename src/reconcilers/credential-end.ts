// The end of the operator's own credential, which nothing but a person or a rotation can put off.

import { jwtExpiry } from '../influxdb/credential.ts';
import type { TokenString } from '../influxdb/token-string.ts';
import { rfc3339 } from '../resources/conditions.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';

/** So long before its end it is warned of: time enough to ask whoever may create another. */
const NOTICE = 14 * 24 * 3_600_000;

/** When the credential ends, in milliseconds since the Unix epoch, as far as it tells; `undefined`: it does not say. */
export function credentialEnd(credential: TokenString): number | undefined {
  return jwtExpiry(credential.reveal());
}

/** What to say of a credential that ends before long; `undefined` while there is nothing to say. */
export function credentialNotice({ spec }: InfluxDBCluster, end: number | undefined, now: number): string | undefined {
  if (end === undefined || end - now > NOTICE) return undefined;
  const { name, key } = spec.credentials.secretRef;
  return `The credential itself ends at ${rfc3339(end)}: put another one into Secret ${name} under the key ${key} before.`;
}
