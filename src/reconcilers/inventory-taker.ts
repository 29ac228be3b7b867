// When the tokens of a kind are listed on a cluster, and what comes of it: the proof that it answers, what stands in the way, and tidying up.

import { backoff, type BackoffBounds } from '../controller/backoff.ts';
import type { Clock } from '../controller/clock.ts';
import { IssuerError } from '../influxdb/errors.ts';
import { KubernetesError, type KubernetesClient } from '../kubernetes/client.ts';
import type { Logger } from '../logging.ts';
import type { Verdict } from '../resources/conditions.ts';
import type { TokenKind } from '../resources/group.ts';
import type { Metrics } from '../server/metrics.ts';
import { HANDLED_RELEASE, releaseOf, requestsOf } from './cluster-requests.ts';
import { ClusterMismatch, liveTokens, type Clusters, type ClusterState, type Inventory } from './clusters.ts';
import { heldMessage } from './inventory-held.ts';
import type { Narrator } from './narrator.ts';
import { annotate } from './own-objects.ts';
import { clusterRecord } from './records.ts';
import type { Held, Sweeper } from './sweeper.ts';
import type { World } from './world.ts';

/** What is worked with. */
export interface InventoryTakerOptions {
  /** Of the tokens that are listed. */
  readonly kind: TokenKind;
  readonly world: World;
  readonly clusters: Clusters;
  readonly client: KubernetesClient;
  readonly narrator: Narrator;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sweeper: Sweeper;
  /** Milliseconds between inventories. */
  readonly inventoryInterval: number;
  /** Called with every new inventory. */
  readonly inventoried: (name: string, inventory: Inventory) => void;
}

/** Between tries to reach a cluster. One request a minute is no burden, and its return is noticed soon. */
const RETRY: BackoffBounds = { least: 1_000, most: 60_000 };
/** An inventory must not take more than this part of the time, however long the list has grown. */
const SHARE = 20;
/** Milliseconds that the clocks may differ before somebody is told. */
const TOLERATED_SKEW = 30_000;

/** What this process remembers of a cluster between lists. */
interface Progress {
  /** Changes when settings or credential do: what a list over the former comes to says nothing any more. */
  readonly epoch: number;
  /** What people asked of the cluster by annotation, as of the last look. */
  readonly requests?: string;
  /** A list has succeeded with these settings and this credential. */
  readonly proven: boolean;
  /** Lists in a row that failed. */
  readonly failures: number;
  /** Tidying up that was not finished, so often in a row. */
  readonly unswept: number;
  /** What the last list came to, if that stands in the way. */
  readonly hindrance?: Verdict;
  readonly nextAt: number;
  /** An earlier list would take more than its share of the time. */
  readonly notBefore: number;
  /** Something failed while a list was due or under way, which may not show it. */
  readonly suspected: boolean;
}

const NOTHING_PROVEN: Omit<Progress, 'epoch'> = {
  proven: false,
  failures: 0,
  unswept: 0,
  nextAt: 0,
  notBefore: 0,
  suspected: false,
};

/** Takes the inventories of all clusters, each when it is due. */
export class InventoryTaker {
  readonly #options: InventoryTakerOptions;
  readonly #progress = new Map<string, Progress>();

  constructor(options: InventoryTakerOptions) {
    this.#options = options;
  }

  /** Settings or credential are new: all that was proven was of the former. */
  restart(name: string): void {
    const epoch = (this.#progress.get(name)?.epoch ?? 0) + 1;
    this.#progress.set(name, { ...NOTHING_PROVEN, epoch });
  }

  forget(name: string): void {
    this.#progress.delete(name);
  }

  /** When the next list is due; `undefined` before there is anything to list. */
  nextAt(name: string): number | undefined {
    return this.#progress.get(name)?.nextAt;
  }

  /** See `ClusterReconciler.suspect`. */
  suspect(name: string): number | undefined {
    const progress = this.#progress.get(name);
    if (progress === undefined || progress.failures > 0) return undefined;
    const now = this.#options.clock.now();
    if (progress.nextAt <= now) this.#progress.set(name, { ...progress, suspected: true });
    const nextAt = Math.max(now, progress.notBefore);
    if (nextAt >= progress.nextAt) return undefined;
    this.#progress.set(name, { ...progress, nextAt });
    return nextAt - now;
  }

  /** Lists the tokens when it is due: that is at once the proof that the cluster answers and takes the credential. */
  async look(state: ClusterState, before: ClusterState | undefined, signal: AbortSignal): Promise<ClusterState> {
    const { kind, clusters, clock, inventoried, narrator, metrics } = this.#options;
    const { object } = state;
    const { name } = object.metadata;
    const known = this.#progress.get(name);
    if (known === undefined) return state;
    const progress: Progress = { ...known, requests: requestsOf(object) };
    // Somebody who has just annotated the cluster is waiting for what comes of it.
    const asked = known.requests !== undefined && known.requests !== progress.requests;
    if (clock.now() < progress.nextAt && !asked) {
      this.#progress.set(name, progress);
      return progress.hindrance === undefined ? state : { ...state, hindrance: progress.hindrance };
    }
    clusters.set(name, whileListed(state, before, progress), kind);
    this.#progress.set(name, { ...progress, nextAt: Math.min(progress.nextAt, clock.now()), suspected: false });
    let inventory: Inventory;
    try {
      inventory = await clusters.takeInventory(name, signal, kind);
    } catch (error) {
      if (!(error instanceof IssuerError)) throw error;
      return this.#failed(state, before, progress, error);
    }
    inventoried(name, inventory);
    metrics.inventoryTaken(name, kind, { ...inventory, live: liveTokens(inventory) });
    const skew = state.connection?.issuers[kind]?.clockSkew ?? 0;
    metrics.clockSkew(name, skew);
    if (Math.abs(skew) > TOLERATED_SKEW) narrator.skewed(object, skew);
    const swept = await this.#sweep(state, inventory, signal);
    this.#succeeded(name, progress, inventory, swept !== 'unfinished');
    if (swept === 'unfinished') return { ...state, inventory };
    const { held: _, ...rest } = state;
    return { ...rest, inventory, ...(swept === undefined ? {} : { held: swept }) };
  }

  #succeeded(
    name: string,
    { epoch, requests, ...before }: Progress,
    { begun, finished }: Inventory,
    swept: boolean,
  ): void {
    const { clock, inventoryInterval } = this.#options;
    const now = clock.now();
    const notBefore = now + (finished - begun) * SHARE;
    const unswept = swept ? 0 : before.unswept + 1;
    const soon = this.#progress.get(name)?.suspected === true;
    const wait = swept ? (soon ? 0 : inventoryInterval) : backoff(unswept, RETRY, Math.random);
    const nextAt = Math.max(now + wait, notBefore);
    const asked = requests === undefined ? {} : { requests };
    this.#keep(name, { epoch, ...asked, proven: true, failures: 0, unswept, nextAt, notBefore, suspected: false });
  }

  #failed(state: ClusterState, before: ClusterState | undefined, progress: Progress, error: IssuerError): ClusterState {
    const { name } = state.object.metadata;
    const failures = progress.failures + 1;
    const pause = Math.max(error.retryAfter ?? 0, backoff(failures, RETRY, Math.random));
    const next = { ...progress, failures, nextAt: this.#options.clock.now() + pause };
    // One lost answer is no outage: ten thousand objects would write that they are out of step, and a second later that they are not.
    // That none of our tokens is known there is an answer, and not lost: nothing more may go to such a cluster.
    const lost = failures === 1 && progress.proven && !(error instanceof ClusterMismatch);
    if (lost && before?.hindrance === undefined) {
      this.#keep(name, next);
      return state;
    }
    const hindrance = hindranceOf(error);
    this.#keep(name, { ...next, hindrance });
    return { ...state, hindrance };
  }

  /** Unless the connection is another one by now. */
  #keep(name: string, progress: Progress): void {
    if (this.#progress.get(name)?.epoch === progress.epoch) this.#progress.set(name, progress);
  }

  /**
   * Tidies up what the inventory shows of objects that are gone, unless the brake holds. What fails there stands in nobody's way: one
   * orphan that cannot be revoked must not keep every other object from its token.
   */
  async #sweep(
    state: ClusterState,
    inventory: Inventory,
    signal: AbortSignal,
  ): Promise<Held | 'unfinished' | undefined> {
    const { kind, client, sweeper, metrics, narrator, world, log } = this.#options;
    const { object, connection } = state;
    const { name } = object.metadata;
    if (connection === undefined) return undefined;
    try {
      const release = releaseOf(object, kind);
      if (release !== undefined) {
        // Written down first: a nonce that is acted upon twice would take the brake off for good.
        const written = await annotate(client, object, { [HANDLED_RELEASE[kind]]: release }, signal);
        if (written !== undefined) world.collections.clusters.observe(clusterRecord(written));
      }
      const held = await sweeper.sweep(object, connection, inventory, release, signal);
      metrics.inventoryHeld(name, kind, held !== undefined);
      if (held !== undefined) narrator.held(object, heldMessage(held));
      return held;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof IssuerError || error instanceof KubernetesError)) throw error;
      log.warn({ cluster: name, err: error }, 'orphans could not all be looked into; that is tried again');
      return 'unfinished';
    }
  }
}

/**
 * What tokens see while a list is under way: what stood in their way still does; and nothing is asked of a cluster before it is known
 * to be the one that their tokens were issued on.
 */
function whileListed(state: ClusterState, before: ClusterState | undefined, { proven }: Progress): ClusterState {
  if (before?.hindrance !== undefined) return { ...state, hindrance: before.hindrance };
  return proven ? state : { ...state, unproven: true };
}

function hindranceOf(error: IssuerError): Verdict {
  if (error instanceof ClusterMismatch) return { reason: 'ClusterMismatch', message: error.message };
  const told = { message: error.message, ...(error.advises ? { remedy: '' } : {}) };
  if (error.kind === 'CredentialsRejected' || error.status === 403) return { reason: 'CredentialsRejected', ...told };
  return { reason: error.kind === 'Unusable' ? 'InfluxctlMissing' : 'ClusterUnreachable', ...told };
}
