// What an absent field means. The API server fills in nothing, so that Git and the cluster never differ; every default is applied here, at use.

import type { AccessRule } from './access-rule.ts';
import { DEFAULT_CLUSTER, LONGEST_DESCRIPTION } from './common.ts';
import { EVERY_DATABASE } from './database-token.ts';
import { parseDuration } from './duration.ts';
import type { InfluxDBClusterSpec } from './influxdb-cluster.ts';
import { DEFAULT_TOKEN_KEY } from './secret.ts';
import type { TokenObject, TokenSpec } from './token-object.ts';

/** Live and retained tokens that an access rule grants each namespace when it gives no number. */
const DEFAULT_MAX_TOKENS = 100;

/** The InfluxDBCluster that a token is issued on. Asked before the spec is checked, so that what came past the CRD gets a name too. */
export function clusterName(spec: TokenSpec): string {
  return textOr(spec.clusterRef?.name, DEFAULT_CLUSTER);
}

/** The Secret that a token is written to. Asked before the spec is checked, as `clusterName` is. */
export function secretName(object: TokenObject): string {
  return textOr(object.spec.secret?.name, object.metadata.name);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

/** What people call the token in InfluxDB, without our marker. `<namespace>/<name>` can have 317 characters; it is cut, as the marker is what counts. */
export function description(object: TokenObject): string {
  const { namespace, name } = object.metadata;
  return object.spec.description ?? `${namespace}/${name}`.slice(0, LONGEST_DESCRIPTION);
}

/** What goes under which key of the Secret. The token string always has a key. */
export function secretKeys(spec: TokenSpec): NonNullable<NonNullable<TokenSpec['secret']>['keys']> & { token: string } {
  return { token: DEFAULT_TOKEN_KEY, ...spec.secret?.keys };
}

/** The databases that permissions name, sorted; the first stands for the token, in its Secret and for its probe. "*" names none. */
export function namedDatabases(permissions: readonly { readonly resource: string }[] = []): string[] {
  const names = permissions.map(({ resource }) => resource).filter((resource) => resource !== EVERY_DATABASE);
  return [...new Set(names)].sort();
}

/** What becomes of token and Secret when the object goes. */
export function deletionPolicy(spec: TokenSpec): 'Revoke' | 'Retain' {
  return spec.deletionPolicy ?? 'Revoke';
}

/** How long a token lives, in milliseconds; `undefined` for one without a lifetime. */
export function lifetime(spec: TokenSpec): number | undefined {
  return spec.lifetime === undefined ? undefined : parseDuration(spec.lifetime);
}

/** How long before its end a token is renewed, in milliseconds; `undefined` for one that is not renewed. */
export function renewBefore(spec: TokenSpec): number | undefined {
  const whole = lifetime(spec);
  if (whole === undefined) return undefined;
  const asked = spec.rotation?.renewBefore;
  return asked === undefined ? Math.floor(whole / 3) : parseDuration(asked);
}

/** How long an old token is asked to live on, in milliseconds; `undefined` when nothing is asked for. */
export function overlap(spec: TokenSpec): number | undefined {
  const asked = spec.rotation?.overlap;
  return asked === undefined ? undefined : parseDuration(asked);
}

/** Where data is read and written. */
export function dataURL(spec: InfluxDBClusterSpec): string {
  return spec.dataURL ?? spec.url;
}

/** How many tokens an access rule grants each namespace. */
export function maxTokens(rule: AccessRule): number {
  return rule.maxTokens ?? DEFAULT_MAX_TOKENS;
}
