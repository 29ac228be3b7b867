// What a scrape shows of all objects together. Pure, and never surprised: a status may have been written by anyone.

import { TOKEN_KINDS, type TokenKind } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';
import type { TokenObject } from '../resources/token-object.ts';
import type { ClusterFigures, TokenFigures } from '../server/metrics.ts';

/**
 * The figures of the token objects of each kind.
 *
 * @param now milliseconds since the Unix epoch
 */
export function tokenFigures(
  objects: Readonly<Record<TokenKind, { values(): Iterable<TokenObject> }>>,
  now: number,
): TokenFigures[] {
  return TOKEN_KINDS.map((kind) => {
    const reasons = new Map<string, number>();
    let renewalsLate = 0;
    let firstEnd = Infinity;
    let revocationsPending = 0;
    let oldestRevocation = 0;
    for (const object of objects[kind].values()) {
      const reason = readyReason(object.status?.conditions);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (renewalIsLate(object, now)) renewalsLate += 1;
      firstEnd = Math.min(firstEnd, fixedEnd(object, now));
      for (const since of revocationsDue(object, now)) {
        revocationsPending += 1;
        oldestRevocation = Math.max(oldestRevocation, now - since);
      }
    }
    return {
      kind,
      reasons,
      renewalsLate,
      ...(firstEnd === Infinity ? {} : { firstEnd }),
      revocationsPending,
      oldestRevocation,
    };
  });
}

/** How each cluster stands. */
export function clusterFigures(clusters: Iterable<InfluxDBCluster>): ClusterFigures[] {
  return Array.from(clusters, ({ metadata: { name }, status }) => ({
    cluster: name,
    reason: readyReason(status?.conditions),
  }));
}

function readyReason(conditions: readonly { type: string; reason: string }[] | undefined): string {
  return conditions?.find(({ type }) => type === 'Ready')?.reason ?? 'None';
}

/** Half of the time that was meant for it has gone by: enough for every retry, and the other half is left for a person. */
function renewalIsLate({ metadata, status }: TokenObject, now: number): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return now > (instant(status?.nextRotation) + instant(status?.token?.expiresAt)) / 2;
}

/** `Infinity` for a token that is renewed, does not end, or has ended. */
function fixedEnd({ metadata, status }: TokenObject, now: number): number {
  const end = instant(status?.token?.expiresAt);
  const counts = metadata.deletionTimestamp === undefined && status?.nextRotation === undefined && end > now;
  return counts ? end : Infinity;
}

/** Since when each is due. */
function revocationsDue({ metadata, status }: TokenObject, now: number): number[] {
  const since = (status?.superseded ?? []).map(({ revokeAfter }) => instant(revokeAfter));
  return [instant(metadata.deletionTimestamp), ...since].filter((due) => due <= now);
}

/** `NaN`, which is neither before nor after anything, where there is none. */
function instant(text: string | undefined): number {
  return Date.parse(text ?? '');
}
