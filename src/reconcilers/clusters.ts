// What is known of each InfluxDBCluster at run time: how to talk to it, what stands in the way, and the last look at its tokens.

import type { Clock } from '../controller/clock.ts';
import { IssuerError } from '../influxdb/errors.ts';
import type { TokenInfo } from '../influxdb/issuer.ts';
import type { Verdict } from '../resources/conditions.ts';
import type { InfluxDBCluster, InfluxDBClusterSpec } from '../resources/influxdb-cluster.ts';
import { MARKER_START } from '../resources/common.ts';
import { REQUESTS } from '../resources/group.ts';
import { parseMarker } from '../tokens/marker.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import type { Held } from './sweeper.ts';
import type { World } from './world.ts';

/** One complete look at the tokens of a cluster. */
export interface Inventory {
  readonly begun: number;
  readonly finished: number;
  readonly knowsUs: boolean;
  /** Live tokens with our installation's marker, by object UID. */
  readonly byUID: ReadonlyMap<string, readonly TokenInfo[]>;
}

/** How many live tokens of this installation it shows. */
export function liveTokens({ byUID }: Inventory): number {
  return [...byUID.values()].reduce((sum, tokens) => sum + tokens.length, 0);
}

/** What is known of one cluster. */
export interface ClusterState {
  readonly object: InfluxDBCluster;
  /** Absent while it is not valid. */
  readonly spec?: InfluxDBClusterSpec;
  /** Why nothing can be asked of it now. */
  readonly hindrance?: Verdict;
  /** The first list with these settings is under way: nothing is asked of it before it is known to be the right one. */
  readonly unproven?: true;
  /** Kept after the credential went missing, so that tokens can still be revoked. */
  readonly connection?: ClusterConnection;
  readonly inventory?: Inventory;
  /** The brake holds back revocations. */
  readonly held?: Held;
}

/** How many known tokens are asked for one by one before a list that shows none of them is taken for another cluster's. */
const SECOND_LOOKS = 3;

/** The list of a cluster that is under way, and the one that waits for it to end. */
interface Lists {
  readonly running: Promise<Inventory>;
  next: Promise<Inventory> | undefined;
}

/** The clusters at run time, and their one shared list each. */
export class Clusters {
  readonly #states = new Map<string, ClusterState>();
  readonly #lists = new Map<string, Lists>();
  readonly #end = new AbortController();
  readonly #world: World;
  readonly #clock: Clock;
  readonly #installation: string;

  constructor(world: World, clock: Clock, installation: string) {
    this.#world = world;
    this.#clock = clock;
    this.#installation = installation;
  }

  /** `undefined` until the cluster was looked at for the first time, and after it is gone. */
  get(name: string): ClusterState | undefined {
    return this.#states.get(name);
  }

  /** A newer inventory that was taken of the same cluster meanwhile is kept. */
  set(name: string, state: ClusterState): void {
    const now = this.#states.get(name);
    const newer =
      now?.inventory !== undefined && sameCluster(now, state) && (state.inventory?.begun ?? 0) < now.inventory.begun;
    this.#states.set(name, newer ? { ...state, inventory: now.inventory } : state);
  }

  /** Forgets a cluster that is gone, and ends its connections. */
  async forget(name: string): Promise<void> {
    const state = this.#states.get(name);
    this.#states.delete(name);
    await state?.connection?.close();
  }

  /** Ends all lists and connections. */
  async close(): Promise<void> {
    this.#end.abort(new Error('the operator ends'));
    await Promise.all([...this.#states.keys()].map((name) => this.forget(name)));
  }

  /**
   * A list of the cluster's tokens begun from now on. However many ask at once, one list is under way and at most one more waits:
   * who comes while a list runs may have done something that it no longer shows. The signal ends this caller's wait and nobody else's.
   * Throws an `IssuerError`.
   */
  async takeInventory(name: string, signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return orAborted(this.#share(name), signal);
  }

  #share(name: string): Promise<Inventory> {
    const lists = this.#lists.get(name);
    if (lists === undefined) return this.#begin(name);
    const begin = (): Promise<Inventory> => this.#begin(name);
    lists.next ??= lists.running.then(begin, begin);
    return lists.next;
  }

  #begin(name: string): Promise<Inventory> {
    const running = this.#take(name).finally(() => {
      if (lists.next === undefined) this.#lists.delete(name);
    });
    const lists: Lists = { running, next: undefined };
    this.#lists.set(name, lists);
    return running;
  }

  async #take(name: string): Promise<Inventory> {
    const asked = this.#states.get(name);
    const inventory = await this.#list(name, this.#end.signal);
    const now = this.#states.get(name);
    // What was listed over a former connection says nothing about what the present one leads to.
    if (asked !== undefined && now !== undefined && sameCluster(asked, now)) {
      this.#states.set(name, { ...now, inventory });
    }
    return inventory;
  }

  async #list(name: string, signal: AbortSignal): Promise<Inventory> {
    const state = this.#states.get(name);
    if (state?.connection === undefined) throw new IssuerError('Unavailable', 'The InfluxDBCluster is not connected.');
    const issuer = state.connection.issuers.DatabaseToken;
    // Before the list: what is issued while it runs need not be in it.
    const known = this.#knownTokens(name, state.object.metadata.uid);
    const begun = this.#clock.now();
    const byUID = new Map<string, TokenInfo[]>();
    let knowsUs = false;
    const keep = (token: TokenInfo): boolean => {
      if (known.has(token.id)) knowsUs = true;
      const marker = parseMarker(token.description);
      if (token.revokedAt !== undefined || marker?.installation !== this.#installation) return false;
      if (token.expiresAt !== undefined && token.expiresAt <= begun + issuer.clockSkew) return false;
      const tokens = byUID.get(marker.uid);
      if (tokens === undefined) byUID.set(marker.uid, [token]);
      else tokens.push(token);
      return false;
    };
    await issuer.list(keep, signal, `${MARKER_START}${this.#installation}/`);
    const finished = this.#clock.now();
    if (!knowsUs && known.size > 0) {
      // Our marker may have been taken off by hand; then the token itself is still known by its id.
      for (const id of [...known].slice(-SECOND_LOOKS)) {
        if ((await issuer.get(id, signal)) !== undefined) knowsUs = true;
        if (knowsUs) break;
      }
      // With `abandon` an administrator says that those tokens are gone for good.
      if (state.object.metadata.annotations?.[REQUESTS.abandon] !== undefined) knowsUs = true;
      if (!knowsUs) throw new ClusterMismatch(known.size);
    }
    return { begun, finished, knowsUs, byUID };
  }

  /** Ids that ledgers and status name for this cluster. */
  #knownTokens(name: string, clusterUID: string): Set<string> {
    const known = new Set<string>();
    for (const { ledger } of this.#world.collections.secrets.values()) {
      if (ledger?.clusterUID === clusterUID) known.add(ledger.tokenID);
    }
    for (const { status } of this.#world.tokensOf(name)) {
      if (status?.token?.clusterUID === clusterUID) known.add(status.token.id);
    }
    return known;
  }
}

function sameCluster(one: ClusterState, other: ClusterState): boolean {
  return one.connection === other.connection && one.object.metadata.uid === other.object.metadata.uid;
}

/** What a promise comes to, or a rejection as soon as the signal fires. */
function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** The cluster answers, and knows none of the tokens that were issued on it. */
export class ClusterMismatch extends IssuerError {
  constructor(known: number) {
    super(
      'Unreadable',
      `The cluster knows none of the ${known} tokens that were issued on it: is spec.url right? Nothing is minted and nothing let go.`,
    );
  }
}
