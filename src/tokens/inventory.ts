// What an inventory says of tokens whose object is gone, and the brake that keeps a mistaken view from revoking them all.

import type { TokenInfo } from '../influxdb/issuer.ts';
import type { Ledger } from './ledger.ts';

/** A complete view of what stands in Kubernetes, read live after the tokens were listed: list first, ledgers after. */
export interface Standing {
  /** UIDs of all token objects in the watched namespaces. */
  readonly objects: ReadonlySet<string>;
  /** Ids that Secrets of ours name, as current or in their overlap: a retained Secret keeps its token. */
  readonly named: ReadonlySet<string>;
  /** UIDs that may be judged; absent: all. Where only some namespaces are watched, only objects that this process has itself seen go. */
  readonly judged?: ReadonlySet<string>;
}

/**
 * Ids that a ledger names at an instant by the server's clock: the current token, and those in their overlap. A retained Secret goes on naming
 * one whose overlap has ended, because nobody is left to strike it off.
 */
export function namedAt({ tokenID, superseded }: Ledger, at: number): string[] {
  return [tokenID, ...superseded.filter(({ revokeAfter }) => revokeAfter > at).map(({ id }) => id)];
}

/** Live tokens of ours whose object is gone and that no Secret names; nothing can come to name them any more. */
export function tokensOfGoneObjects(byUID: ReadonlyMap<string, readonly TokenInfo[]>, standing: Standing): TokenInfo[] {
  const gone: TokenInfo[] = [];
  for (const [uid, tokens] of byUID) {
    if (standing.objects.has(uid) || standing.judged?.has(uid) === false) continue;
    gone.push(...tokens.filter(({ id }) => !standing.named.has(id)));
  }
  return gone;
}

const LEAST = 5;
const PART = 0.05;

/**
 * Whether so many revocations at once are more than an everyday mistake explains: a restored etcd, a wrong kubeconfig or a second
 * installation with the same id would make every token look orphaned. An orphan is harmless; a wrong revoke is an outage.
 *
 * @param ours live tokens of this installation on the cluster
 */
export function brakeHolds(gone: number, ours: number): boolean {
  return gone > Math.max(LEAST, ours * PART);
}
