// Everything that is watched, and the questions that reconcilers ask of it.

import { isDeepStrictEqual } from 'node:util';

import type { Collection } from '../kubernetes/collection.ts';
import { clusterName, secretName } from '../resources/defaults.ts';
import type { TokenKind } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';
import type { TokenObject } from '../resources/token-object.ts';
import { namedAt } from '../tokens/inventory.ts';
import { uidOf } from '../tokens/ledger.ts';
import type { SecretRecord } from '../tokens/secret.ts';
import { requestsOf } from './cluster-requests.ts';
import { Ranking } from './ranking.ts';
import { Tally } from './tally.ts';

/** What is kept of a namespace. */
export interface NamespaceRecord {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly terminating: boolean;
}

/** What is kept of Secrets and ConfigMaps in the operator's own namespace: only whether they changed. */
export interface OwnRecord {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** The watched collections. */
export interface Collections {
  readonly clusters: Collection<InfluxDBCluster>;
  readonly tokens: Readonly<Record<TokenKind, Collection<TokenObject>>>;
  readonly secrets: Collection<SecretRecord>;
  readonly namespaces: Collection<NamespaceRecord>;
  readonly ownSecrets: Collection<OwnRecord>;
  readonly ownConfigMaps: Collection<OwnRecord>;
}

/** A token object's key in the queue. */
export function tokenKey(object: TokenObject): string {
  return `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
}

const BY_SECRET = 'secret';
const BY_CLUSTER = 'cluster';
const BY_UID = 'uid';
const BY_NAMESPACE = 'namespace';
const BY_TOKEN = 'token';
/** How many departed objects are remembered: some hours' worth of the busiest tenant. */
const MOST_DEPARTED = 10_000;

const BY_UNOWNED = 'unowned';
const BY_DENIED = 'denied';

/** Called with the key of what should be looked at. */
export interface Wakes {
  token(key: string): void;
  cluster(name: string): void;
  /** There is no hurry: only its count of tokens changed, and a burst should lead to one write. */
  clusterLater(name: string): void;
  /** A place under `maxTokens` may be free in a namespace: who was denied there (see `denied`) should be looked at, once for a burst. */
  room(namespace: string): void;
}

/** The watched state, with the lookups that reconcilers need. */
export class World {
  readonly collections: Collections;
  readonly #departed = new Set<string>();
  /** Token objects by the cluster they refer to. */
  readonly #byCluster = new Tally();
  /** Token objects that have a token, by cluster. */
  readonly #issued = new Tally();
  /** Token objects by namespace and cluster, in order. */
  readonly #rankings = new Map<string, Ranking>();

  constructor(collections: Collections, wakes: Wakes) {
    this.collections = collections;
    const { clusters, secrets, namespaces, ownSecrets, ownConfigMaps } = collections;
    for (const tokens of Object.values(collections.tokens)) {
      tokens.addIndex(BY_SECRET, (object) => [`${object.metadata.namespace}/${secretName(object)}`]);
      tokens.addIndex(BY_CLUSTER, (object) => [clusterName(object.spec)]);
      tokens.addIndex(BY_NAMESPACE, (object) => [object.metadata.namespace]);
      tokens.addIndex(BY_UID, (object) => [object.metadata.uid]);
      tokens.addIndex(BY_DENIED, (object) => (isDenied(object) ? [object.metadata.namespace] : []));
      tokens.onChange(({ before, after }) => this.#tokenChanged(before, after, wakes));
    }
    secrets.addIndex(BY_TOKEN, ({ ledger }) =>
      ledger === undefined ? [] : [ledger.tokenID, ...ledger.superseded.map(({ id }) => id)],
    );
    secrets.addIndex(BY_UNOWNED, ({ metadata, ledger, ownerUIDs }) =>
      ledger !== undefined && ownerUIDs.length === 0 ? [metadata.namespace] : [],
    );
    secrets.onChange(({ key, before, after }) => {
      // A retained Secret counts under `maxTokens`.
      if (before?.ownerUIDs.length === 0 && after === undefined) wakes.room(before.metadata.namespace);
      for (const tokens of Object.values(collections.tokens)) {
        for (const object of tokens.byIndex(BY_SECRET, key)) wakes.token(tokenKey(object));
      }
    });
    clusters.onChange(({ key, before, after }) => {
      // Our own status writes come back as changes; nothing in them is news.
      if (before === undefined || after === undefined || newsworthy(before, after)) wakes.cluster(key);
    });
    namespaces.onChange(({ key, before, after }) => {
      if (before !== undefined && after !== undefined && !changesAccess(before, after)) return;
      for (const tokens of Object.values(collections.tokens)) {
        for (const object of tokens.byIndex(BY_NAMESPACE, key)) wakes.token(tokenKey(object));
      }
    });
    ownSecrets.onChange(({ before, after }) => {
      const name = (after ?? before)?.metadata.name;
      for (const cluster of clusters.values()) {
        if (cluster.spec.credentials?.secretRef?.name === name) wakes.cluster(cluster.metadata.name);
      }
    });
    ownConfigMaps.onChange(({ before, after }) => {
      const name = (after ?? before)?.metadata.name;
      for (const cluster of clusters.values()) {
        if (cluster.spec.tls?.caBundleRef?.name === name) wakes.cluster(cluster.metadata.name);
      }
    });
  }

  /** What is not there yet before anything may be decided; `undefined` when all is. */
  missing(): string | undefined {
    const { tokens, ...others } = this.collections;
    const all: [string, { readonly synced: boolean }][] = [...Object.entries(others), ...Object.entries(tokens)];
    const names = all.filter(([, { synced }]) => !synced).map(([name]) => name);
    return names.length === 0 ? undefined : `not filled yet: ${names.join(', ')}`;
  }

  token(key: string): TokenObject | undefined {
    const slash = key.indexOf('/');
    const kind = key.slice(0, slash);
    return isTokenKind(kind) ? this.collections.tokens[kind].get(key.slice(slash + 1)) : undefined;
  }

  tokenByUID(uid: string): TokenObject | undefined {
    for (const tokens of Object.values(this.collections.tokens)) {
      const [object] = tokens.byIndex(BY_UID, uid);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  /** UIDs of token objects that this process has seen go; the latest, as far as it remembers. */
  get departed(): ReadonlySet<string> {
    return this.#departed;
  }

  /** How many token objects refer to the cluster. */
  references(cluster: string): number {
    return this.#byCluster.count(cluster);
  }

  /** How many of them have a token. */
  issued(cluster: string): number {
    return this.#issued.count(cluster);
  }

  /** The token objects that refer to the cluster. */
  tokensOf(cluster: string): TokenObject[] {
    return Object.values(this.collections.tokens).flatMap((tokens) => tokens.byIndex(BY_CLUSTER, cluster));
  }

  /** Whether a Secret of ours names the token, as current or replaced; with an instant by the server's clock, only if its overlap has not ended by then. */
  named(tokenID: string, at = -Infinity): boolean {
    const secrets = this.collections.secrets.byIndex(BY_TOKEN, tokenID);
    return secrets.some(({ ledger }) => ledger !== undefined && namedAt(ledger, at).includes(tokenID));
  }

  /** Keys of the token objects in the namespace that were denied. */
  denied(namespace: string): string[] {
    return Object.values(this.collections.tokens)
      .flatMap((tokens) => tokens.byIndex(BY_DENIED, namespace))
      .map(tokenKey);
  }

  /**
   * How many tokens of the namespace come before this object, in order of (creationTimestamp, uid), counting retained Secrets first.
   * Exact only from `enough` on: below, 0 is as good, and the common case looks nothing up.
   */
  rank(object: TokenObject, enough: number): number {
    const { namespace } = object.metadata;
    const ranking = this.#rankings.get(`${namespace}/${clusterName(object.spec)}`);
    const unowned = this.collections.secrets.byIndex(BY_UNOWNED, namespace);
    if (ranking === undefined || ranking.size + unowned.length <= enough) return 0;
    return ranking.before(object) + unowned.filter((secret) => this.#retained(secret)).length;
  }

  /** Whether the object that a Secret of ours was written for is gone. */
  #retained({ ledger }: SecretRecord): boolean {
    return ledger === undefined || this.tokenByUID(uidOf(ledger)) === undefined;
  }

  #tokenChanged(before: TokenObject | undefined, after: TokenObject | undefined, wakes: Wakes): void {
    const object = after ?? before;
    if (object === undefined) return;
    const from = before && clusterName(before.spec);
    const to = after && clusterName(after.spec);
    // The reference is immutable; but a count that went wrong would keep the finalizer on a cluster for good.
    if (before !== undefined && from !== to) this.#count(before, -1, wakes);
    if (after !== undefined && from !== to) this.#count(after, 1, wakes);
    const hadToken = before?.status?.token !== undefined;
    const hasToken = after?.status?.token !== undefined;
    if (from !== undefined && hadToken && !(hasToken && from === to)) this.#countIssued(from, -1, wakes);
    if (to !== undefined && hasToken && !(hadToken && from === to)) this.#countIssued(to, 1, wakes);
    wakes.token(tokenKey(object));
    if (after !== undefined) return;
    this.#depart(object.metadata.uid);
    wakes.room(object.metadata.namespace);
  }

  #depart(uid: string): void {
    this.#departed.add(uid);
    if (this.#departed.size <= MOST_DEPARTED) return;
    const [oldest] = this.#departed;
    if (oldest !== undefined) this.#departed.delete(oldest);
  }

  #count(object: TokenObject, by: 1 | -1, wakes: Wakes): void {
    const cluster = clusterName(object.spec);
    this.#rank(`${object.metadata.namespace}/${cluster}`, object, by);
    const now = this.#byCluster.add(cluster, by);
    // The first and the last reference decide whether the cluster keeps its finalizer.
    if (now === 0 || (now === 1 && by === 1)) wakes.cluster(cluster);
  }

  #rank(group: string, object: TokenObject, by: 1 | -1): void {
    const ranking = this.#rankings.get(group) ?? new Ranking();
    if (by === 1) ranking.add(object);
    else ranking.remove(object);
    if (ranking.size === 0) this.#rankings.delete(group);
    else this.#rankings.set(group, ranking);
  }

  #countIssued(cluster: string, by: 1 | -1, wakes: Wakes): void {
    this.#issued.add(cluster, by);
    wakes.clusterLater(cluster);
  }
}

function newsworthy(before: InfluxDBCluster, after: InfluxDBCluster): boolean {
  const facts = (object: InfluxDBCluster): string => {
    const { generation, deletionTimestamp, finalizers } = object.metadata;
    return JSON.stringify([generation, deletionTimestamp, finalizers, requestsOf(object)]);
  };
  return facts(before) !== facts(after);
}

/** Some tools write annotations onto namespaces all the time; those must not wake every token there. */
function changesAccess(before: NamespaceRecord, after: NamespaceRecord): boolean {
  return before.terminating !== after.terminating || !isDeepStrictEqual(before.metadata.labels, after.metadata.labels);
}

function isDenied({ status }: TokenObject): boolean {
  return status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'AccessDenied') === true;
}

function isTokenKind(kind: string): kind is TokenKind {
  return kind === 'DatabaseToken' || kind === 'ManagementToken';
}
