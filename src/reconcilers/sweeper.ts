// Revokes tokens of objects that are gone, after an inventory showed them and a live look at Kubernetes confirmed it.

import { IssuerError } from '../influxdb/errors.ts';
import type { TokenInfo, TokenIssuer } from '../influxdb/issuer.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { resourcePath } from '../kubernetes/paths.ts';
import { readList, readObject, type RawObject } from '../kubernetes/raw-object.ts';
import type { Logger } from '../logging.ts';
import { GROUP, MANAGED_LABEL, PLURALS, TOKEN_KINDS, VERSION, type TokenKind } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';
import type { Metrics } from '../server/metrics.ts';
import { brakeHolds, namedAt, tokensOfGoneObjects, type Standing } from '../tokens/inventory.ts';
import { parseMarker } from '../tokens/marker.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { liveTokens, type Inventory } from './clusters.ts';
import { managedSecretRecord } from './records.ts';
import type { World } from './world.ts';

/** What the sweeper works with. */
export interface SweeperOptions {
  readonly client: KubernetesClient;
  readonly world: World;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly installation: string;
  /** Empty: all. */
  readonly watchNamespaces: readonly string[];
}

/** The brake holds: so many of our tokens look orphaned. */
export interface Held {
  readonly gone: number;
  readonly ours: number;
}

/** As many as fit into a line that is read. */
const MOST_TOLD = 5;
/** After so many failures the rest is left to the next try. */
const ENOUGH_FAILURES = 10;

const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** A page of large objects takes a loaded API server its time. */
const LIST_TIMEOUT = 60_000;

/** Tidies up after crashes and after objects that went without us. */
export class Sweeper {
  readonly #options: SweeperOptions;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /**
   * Revokes what is surely orphaned. Answers what the brake holds back, if it holds. Throws an `IssuerError` or a `KubernetesError` when
   * something could not be looked into or revoked; what was done until then stays done.
   *
   * @param released the value of the `release-inventory` annotation, if it was not acted upon before
   */
  async sweep(
    cluster: InfluxDBCluster,
    connection: ClusterConnection,
    inventory: Inventory,
    released: string | undefined,
    signal: AbortSignal,
  ): Promise<Held | undefined> {
    const { world, metrics, log, watchNamespaces } = this.#options;
    const { name } = cluster.metadata;
    const at = inventory.begun + connection.issuers.DatabaseToken.clockSkew;
    // The watch costs nothing to ask; only a suspicion is worth a complete live list.
    const suspected = [...inventory.byUID].some(
      ([uid, tokens]) => world.tokenByUID(uid) === undefined && tokens.some(({ id }) => !world.named(id, at)),
    );
    if (!suspected) return undefined;
    const standing = await this.#standing(at, signal);
    const gone = tokensOfGoneObjects(inventory.byUID, standing);
    this.#tellOfUnjudged(name, inventory, standing);
    if (gone.length === 0) return undefined;
    metrics.orphansFound(name, inventory.kind, gone.length);
    const ours = liveTokens(inventory);
    if (brakeHolds(gone.length, ours) && released === undefined) {
      log.warn({ cluster: name, gone: gone.length, ours, watchNamespaces }, 'the inventory is held: too many orphans');
      return { gone: gone.length, ours };
    }
    const issuer = connection.issuers[inventory.kind];
    if (issuer !== undefined) await this.#revokeAll(name, inventory.kind, issuer, gone, standing, signal);
    return undefined;
  }

  /** One that cannot be revoked does not shield the others; several failures say that it is not about the tokens. */
  async #revokeAll(
    cluster: string,
    kind: TokenKind,
    issuer: TokenIssuer,
    gone: readonly TokenInfo[],
    standing: Standing,
    signal: AbortSignal,
  ): Promise<void> {
    const failures: IssuerError[] = [];
    for (const { id } of gone) {
      try {
        await this.#revoke(cluster, kind, issuer, id, standing, signal);
      } catch (error) {
        if (!(error instanceof IssuerError)) throw error;
        failures.push(error);
        if (failures.length >= ENOUGH_FAILURES) break;
      }
    }
    const [failure] = failures;
    if (failure !== undefined) throw failure;
  }

  /** The server's own words decide, a moment before: the marker still has to name this installation and an object that is gone. */
  async #revoke(
    cluster: string,
    kind: TokenKind,
    issuer: TokenIssuer,
    id: string,
    { objects }: Standing,
    signal: AbortSignal,
  ): Promise<void> {
    const token = await issuer.get(id, signal);
    const marker = token === undefined ? undefined : parseMarker(token.description);
    if (token === undefined || token.revokedAt !== undefined) return;
    if (marker?.installation !== this.#options.installation || objects.has(marker.uid)) return;
    await issuer.revoke(id, signal);
    this.#options.metrics.revoked(kind);
    const why = 'an orphan: its object is gone, and no Secret names it';
    this.#options.log.info(
      { cluster, kind, uid: marker.uid, audit: true, action: 'revoke', id, why },
      'revoke of a token',
    );
  }

  /** Whose object was never seen in the watched namespaces may have it in another one: a person has to look. */
  #tellOfUnjudged(cluster: string, { byUID }: Inventory, { objects, named, judged }: Standing): void {
    if (judged === undefined) return;
    const unjudged = [...byUID].filter(
      ([uid, tokens]) => !objects.has(uid) && !judged.has(uid) && tokens.some(({ id }) => !named.has(id)),
    );
    if (unjudged.length === 0) return;
    const some = unjudged.slice(0, MOST_TOLD).map(([uid, tokens]) => ({ uid, ids: tokens.map(({ id }) => id) }));
    const { log, watchNamespaces } = this.#options;
    log.warn(
      { cluster, objects: unjudged.length, some, watchNamespaces },
      'tokens of objects that were never seen in the watched namespaces are left alone',
    );
  }

  async #standing(at: number, signal: AbortSignal): Promise<Standing> {
    const { world, watchNamespaces } = this.#options;
    const namespaces = watchNamespaces.length === 0 ? [''] : watchNamespaces;
    const objects = new Set<string>();
    const named = new Set<string>();
    for (const namespace of namespaces) {
      for (const kind of TOKEN_KINDS) {
        for await (const { metadata } of this.#list(collectionOf(kind, namespace), {}, signal))
          objects.add(metadata.uid);
      }
      const secrets = resourcePath({ group: '', version: 'v1', plural: 'secrets', ...within(namespace) });
      for await (const raw of this.#list(secrets, { labelSelector: `${MANAGED_LABEL}=true` }, signal)) {
        const { ledger } = managedSecretRecord(raw);
        if (ledger === undefined) continue;
        for (const id of namedAt(ledger, at)) named.add(id);
      }
    }
    return { objects, named, ...(watchNamespaces.length === 0 ? {} : { judged: world.departed }) };
  }

  async *#list(path: string, query: Record<string, string>, signal: AbortSignal): AsyncGenerator<RawObject> {
    let next: string | undefined;
    do {
      const answer = await this.#options.client.request<unknown>({
        method: 'GET',
        path,
        query: { ...query, limit: '500', ...(next === undefined ? {} : { continue: next }) },
        accept: METADATA,
        timeout: LIST_TIMEOUT,
        signal,
      });
      const { items, metadata } = readList(answer);
      for (const item of items) yield readObject(item);
      next = metadata.continue === '' ? undefined : metadata.continue;
    } while (next !== undefined);
  }
}

function collectionOf(kind: TokenKind, namespace: string): string {
  return resourcePath({ group: GROUP, version: VERSION, plural: PLURALS[kind], ...within(namespace) });
}

function within(namespace: string): { namespace?: string } {
  return namespace === '' ? {} : { namespace };
}
