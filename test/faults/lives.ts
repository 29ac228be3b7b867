// What became of the tokens of many objects, as others saw it: InfluxDB, and the audit log of Kubernetes.

import { parseMarker } from '../../src/tokens/marker.ts';
import type { Scene } from '../operator/scene.ts';
import type { SimulatedToken } from '../simulator/simulator.ts';

/** One token of an object. All instants in milliseconds by the server's clock. */
export interface Life {
  readonly id: string;
  readonly createdAt: number;
  /** From here on the data API took it. */
  readonly activeAt: number;
  /** When it was in the Secret; `undefined`: not before its successor was created. */
  readonly writtenAt: number | undefined;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
}

/** When the server took it no more. */
export function endOf({
  expiresAt = Infinity,
  revokedAt = Infinity,
}: {
  readonly expiresAt?: number | undefined;
  readonly revokedAt?: number | undefined;
}): number {
  return Math.min(expiresAt, revokedAt);
}

/** What InfluxDB knows of the tokens of each of these objects, in the order of their creation. */
export async function tokensOf(
  scene: Scene,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly SimulatedToken[]>> {
  const uids = await Promise.all(names.map(async (name) => (await scene.token(name)).metadata.uid));
  const tokens = Map.groupBy(scene.simulator.tokens(), ({ description }) => parseMarker(description)?.uid);
  return new Map(names.map((name, at) => [name, tokens.get(uids[at]) ?? []]));
}

/**
 * The lives of these tokens. `clockSkew`: how far the server's clock is ahead.
 *
 * The audit log does not tell what was written, so the first write of the Secret after a token was created counts as that of the token. Were it
 * another one, an overlap would look longer than it was, and never shorter.
 */
export async function livesOf(
  scene: Scene,
  names: readonly string[],
  clockSkew: number,
): Promise<ReadonlyMap<string, readonly Life[]>> {
  const tokens = await tokensOf(scene, names);
  const writes = await secretWrites(scene);
  return new Map(
    [...tokens].map(([name, own]) => {
      const written = (writes.get(name) ?? []).map((at) => at + clockSkew);
      return [name, own.map((token, at) => lifeOf(token, own[at + 1], written))];
    }),
  );
}

function lifeOf(token: SimulatedToken, next: SimulatedToken | undefined, written: readonly number[]): Life {
  const { id, createdAt, activeAt, expiresAt = Infinity, revokedAt } = token;
  const writtenAt = written.find((at) => at >= createdAt && at < (next?.createdAt ?? Infinity));
  return { id, createdAt, activeAt, writtenAt, expiresAt, revokedAt };
}

/** When each Secret was written, oldest first, by the clock of Kubernetes, which is ours. */
async function secretWrites(scene: Scene): Promise<ReadonlyMap<string, readonly number[]>> {
  const events = await scene.stage.audited(
    ({ verb, objectRef, requestURI, responseStatus: { code = 0 } = {} }) =>
      (verb === 'create' || verb === 'patch') &&
      objectRef?.resource === 'secrets' &&
      objectRef.namespace === scene.namespace &&
      code < 300 &&
      !requestURI.includes('dryRun'),
  );
  const writes = Map.groupBy(events, ({ objectRef }) => objectRef?.name ?? '');
  return new Map([...writes].map(([name, own]) => [name, own.map(({ stageTimestamp }) => Date.parse(stageTimestamp))]));
}
