// The inventories of an issuer other than the cluster's own, on keys of their own: a command that hangs holds up nobody else.

import { isDeepStrictEqual } from 'node:util';

import type { Clock } from '../controller/clock.ts';
import type { ReconcileResult } from '../controller/controller.ts';
import type { TokenKind } from '../resources/group.ts';
import type { Clusters, ClusterState } from './clusters.ts';
import type { InventoryTaker } from './inventory-taker.ts';
import type { World } from './world.ts';

/** What the reconciler works with. */
export interface InventoryReconcilerOptions {
  /** Of the tokens that the issuer issues. */
  readonly kind: TokenKind;
  readonly world: World;
  readonly clusters: Clusters;
  readonly clock: Clock;
  readonly inventories: InventoryTaker;
  /** Called when the issuer's state changed for its tokens. */
  readonly changed: (name: string) => void;
  /** Called when the cluster has something else to say: the brake began to hold, or holds no more, or the list tells when the credential ends. */
  readonly toldOtherwise: (name: string) => void;
}

/** Takes the inventories of one issuer on each cluster; see `Reconcile` for its contract. The key is the cluster's name. */
export class InventoryReconciler {
  readonly #options: InventoryReconcilerOptions;
  /** When credentials end, as of the last look. */
  readonly #credentialEnds = new Map<string, number | undefined>();

  constructor(options: InventoryReconcilerOptions) {
    this.#options = options;
  }

  readonly reconcile = async (name: string, signal: AbortSignal): Promise<ReconcileResult> => {
    const { kind, clusters, clock, inventories, changed, toldOtherwise } = this.#options;
    const before = clusters.get(name, kind);
    // Whatever stands in the way of the cluster wakes us when it goes.
    if (before === undefined || !this.#isAskable(name)) return {};
    const { hindrance: _, unproven: __, ...state } = before;
    const after = await inventories.look(state, before, signal);
    const awaited = clusters.get(name, kind)?.unproven === true;
    clusters.set(name, after, kind);
    if (awaited || !isDeepStrictEqual(before.hindrance, after.hindrance)) changed(name);
    const end = after.connection?.issuers[kind]?.credentialEnd;
    if (end !== this.#credentialEnds.get(name) || !isDeepStrictEqual(before.held, after.held)) toldOtherwise(name);
    this.#credentialEnds.set(name, end);
    const nextAt = inventories.nextAt(name);
    return nextAt === undefined ? {} : { requeueAfter: Math.max(0, nextAt - clock.now()) };
  };

  /** See `ClusterReconciler.suspect`. */
  suspect(name: string): number | undefined {
    return this.#options.inventories.suspect(name);
  }

  #isAskable(name: string): boolean {
    const { kind, world, clusters } = this.#options;
    const cluster: ClusterState | undefined = clusters.get(name);
    return (
      world.collections.clusters.get(name) !== undefined &&
      cluster?.connection?.issuers[kind] !== undefined &&
      cluster.hindrance === undefined &&
      cluster.unproven !== true &&
      cluster.object.spec.suspend !== true
    );
  }
}
