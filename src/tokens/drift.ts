// What a token is on the server against what it should be.

import type { Permission, TokenInfo } from '../influxdb/issuer.ts';
import { markDescription, type Marker } from './marker.ts';
import type { Wanted } from './observed.ts';

/** What a change in place may replace; what is absent stays as it is. */
export interface Change {
  readonly description?: string;
  readonly permissions?: readonly Permission[];
}

/** What has to be changed at a token, so that it is what the spec asks for; `undefined` when it is. */
export function difference(wanted: Wanted, marker: Marker, server: TokenInfo): Change | undefined {
  const description = markDescription(wanted.description, marker);
  const change = {
    ...(server.description === description ? {} : { description }),
    ...(samePermissions(server.permissions, wanted.permissions) ? {} : { permissions: wanted.permissions }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

/** Permissions are a set: the server may answer them in any order. */
function samePermissions(one: readonly Permission[], other: readonly Permission[]): boolean {
  const set = (list: readonly Permission[]): Set<string> =>
    new Set(list.map(({ action, resource }) => `${action} ${resource}`));
  return set(one).symmetricDifference(set(other)).size === 0;
}
