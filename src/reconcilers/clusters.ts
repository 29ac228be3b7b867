// What is known of each InfluxDBCluster at run time: how to talk to it, what stands in the way, and the last look at its tokens.

import type { Clock } from '../controller/clock.ts';
import { IssuerError } from '../influxdb/errors.ts';
import type { TokenInfo } from '../influxdb/issuer.ts';
import { SharedReading } from '../influxdb/shared-reading.ts';
import type { Verdict } from '../resources/conditions.ts';
import type { InfluxDBCluster, InfluxDBClusterSpec } from '../resources/influxdb-cluster.ts';
import { MARKER_START } from '../resources/common.ts';
import { REQUESTS, TOKEN_KINDS, type TokenKind } from '../resources/group.ts';
import { kindOf } from '../tokens/ledger.ts';
import { parseMarker } from '../tokens/marker.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import type { Held } from './sweeper.ts';
import type { World } from './world.ts';

/** One complete look at the tokens of one kind on a cluster. */
export interface Inventory {
  readonly kind: TokenKind;
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

/** What the lists of an issuer came to. */
export interface ListState {
  /** Why nothing can be asked of it now. */
  readonly hindrance?: Verdict;
  /** The first list with these settings is under way: nothing is asked of it before it is known to be the right one. */
  readonly unproven?: true;
  readonly inventory?: Inventory;
  /** The brake holds back revocations. */
  readonly held?: Held;
}

/** What is known of one cluster, as far as it concerns tokens of one kind. */
export interface ClusterState extends ListState {
  readonly object: InfluxDBCluster;
  /** Absent while it is not valid. */
  readonly spec?: InfluxDBClusterSpec;
  /** Kept after the credential went missing, so that tokens can still be revoked. */
  readonly connection?: ClusterConnection;
}

/**
 * The kind whose issuer is the cluster's own Management API: its list proves that the cluster answers and takes the credential, and what
 * stands in its way stands in everybody's.
 */
export const OWN_KIND = 'DatabaseToken' satisfies TokenKind;

/** How many known tokens are asked for one by one before a list that shows none of them is taken for another cluster's. */
const SECOND_LOOKS = 3;

/** The lists of an issuer other than the cluster's own, and the connection that they went over. */
interface Beside extends ListState {
  readonly over: ClusterConnection | undefined;
}

/** The clusters at run time, and their one shared list for each kind. */
export class Clusters {
  readonly #states = new Map<string, ClusterState>();
  /** By kind and name. */
  readonly #beside = new Map<string, Beside>();
  readonly #lists = new Map<string, SharedReading<Inventory>>();
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
  get(name: string, kind: TokenKind = OWN_KIND): ClusterState | undefined {
    const state = this.#states.get(name);
    if (state === undefined || kind === OWN_KIND) return state;
    const { inventory: _, held: __, hindrance, unproven, ...cluster } = state;
    const beside = this.#beside.get(key(kind, name));
    // What was listed over a former connection says nothing about what the present one leads to.
    const current = beside?.over === cluster.connection ? beside : undefined;
    const { over: ___, unproven: running, ...lists } = current ?? { over: undefined };
    const known = { ...lists, ...cluster };
    if (hindrance !== undefined) return { ...known, hindrance };
    if (cluster.connection?.issuers[kind] === undefined || cluster.object.spec.suspend === true) return known;
    return current === undefined || running === true || unproven === true ? { ...known, unproven: true } : known;
  }

  /** A newer inventory that was taken of the same cluster meanwhile is kept. */
  set(name: string, state: ClusterState, kind: TokenKind = OWN_KIND): void {
    const now = this.get(name, kind);
    const newer =
      now?.inventory !== undefined && sameCluster(now, state) && (state.inventory?.begun ?? 0) < now.inventory.begun;
    const kept: ClusterState = newer ? { ...state, inventory: now.inventory } : state;
    if (kind === OWN_KIND) {
      this.#states.set(name, kept);
      return;
    }
    const { object: _, spec: __, connection, ...lists } = kept;
    this.#beside.set(key(kind, name), { ...lists, over: connection });
  }

  /** Forgets a cluster that is gone, and ends its connections. */
  async forget(name: string): Promise<void> {
    const state = this.#states.get(name);
    this.#states.delete(name);
    for (const kind of TOKEN_KINDS) {
      this.#beside.delete(key(kind, name));
      this.#lists.delete(key(kind, name));
    }
    await state?.connection?.close();
  }

  /** Ends all lists and connections. */
  async close(): Promise<void> {
    this.#end.abort(new Error('the operator ends'));
    await Promise.all([...this.#states.keys()].map((name) => this.forget(name)));
  }

  /**
   * A list of the cluster's tokens of a kind begun from now on; see `SharedReading`. The signal ends this caller's wait and nobody else's.
   * Throws an `IssuerError`.
   */
  takeInventory(name: string, signal: AbortSignal, kind: TokenKind = OWN_KIND): Promise<Inventory> {
    let list = this.#lists.get(key(kind, name));
    if (list === undefined) {
      list = new SharedReading(() => this.#take(name, kind));
      this.#lists.set(key(kind, name), list);
    }
    return list.take(signal);
  }

  async #take(name: string, kind: TokenKind): Promise<Inventory> {
    const asked = this.get(name, kind);
    const inventory = await this.#list(name, kind, this.#end.signal);
    const now = this.get(name, kind);
    // What was listed over a former connection says nothing about what the present one leads to.
    if (asked !== undefined && now !== undefined && sameCluster(asked, now)) {
      if (kind === OWN_KIND) this.#states.set(name, { ...now, inventory });
      else this.#beside.set(key(kind, name), { ...this.#beside.get(key(kind, name)), over: now.connection, inventory });
    }
    return inventory;
  }

  async #list(name: string, kind: TokenKind, signal: AbortSignal): Promise<Inventory> {
    const state = this.#states.get(name);
    const issuer = state?.connection?.issuers[kind];
    if (state === undefined || issuer === undefined) {
      throw new IssuerError('Unavailable', `The InfluxDBCluster is not connected, or issues no ${kind}.`);
    }
    // Before the list: what is issued while it runs need not be in it.
    const known = this.#knownTokens(name, kind, state.object.metadata.uid);
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
    return { kind, begun, finished, knowsUs, byUID };
  }

  /** Ids of tokens of a kind that ledgers and status name for this cluster. */
  #knownTokens(name: string, kind: TokenKind, clusterUID: string): Set<string> {
    const known = new Set<string>();
    for (const { ledger } of this.#world.collections.secrets.values()) {
      if (ledger?.clusterUID === clusterUID && kindOf(ledger) === kind) known.add(ledger.tokenID);
    }
    for (const object of this.#world.tokensOf(name)) {
      const { status } = object;
      if (object.kind === kind && status?.token?.clusterUID === clusterUID) known.add(status.token.id);
    }
    return known;
  }
}

function sameCluster(one: ClusterState, other: ClusterState): boolean {
  return one.connection === other.connection && one.object.metadata.uid === other.object.metadata.uid;
}

function key(kind: TokenKind, name: string): string {
  return `${kind}/${name}`;
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
