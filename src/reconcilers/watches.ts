// The watches that keep the world up to date.

import type { Clock } from '../controller/clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { Collection } from '../kubernetes/collection.ts';
import { resourcePath } from '../kubernetes/paths.ts';
import type { RawObject } from '../kubernetes/raw-object.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import { Store, type StoredObject } from '../kubernetes/store.ts';
import type { Logger } from '../logging.ts';
import { GROUP, MANAGED_LABEL, PLURALS, VERSION } from '../resources/group.ts';
import { clusterRecord, managedSecretRecord, namespaceRecord, ownRecord, tokenRecord } from './records.ts';
import type { Collections } from './world.ts';

/** What is watched, and where. */
export interface WatchOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** The operator's own namespace. */
  readonly namespace: string;
  /** Namespaces whose tokens are watched; empty means all. */
  readonly watchNamespaces: readonly string[];
}

/** The collections, and the watches that fill them. */
export interface Watches {
  readonly collections: Collections;
  start(): void;
  /** Resolves when every collection was filled once. */
  readonly synced: Promise<unknown>;
  stop(): Promise<unknown>;
}

interface Source<T extends StoredObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly convert: (raw: RawObject) => T;
  readonly labelSelector?: string;
  readonly metadataOnly?: boolean;
}

/** Sets up all watches; they begin with `start`. */
export function createWatches(options: WatchOptions): Watches {
  const reflectors: { start(): void; stop(): Promise<void>; readonly synced: Promise<void> }[] = [];

  /** @param namespaces `['']` for all of them, or for cluster-scoped objects */
  const collect = <T extends StoredObject>(source: Source<T>, namespaces: readonly string[]): Collection<T> => {
    const stores = new Map<string, Store<T>>();
    for (const namespace of namespaces) {
      const { group, version, plural, convert, labelSelector, metadataOnly } = source;
      const store = new Store<T>();
      stores.set(namespace, store);
      reflectors.push(
        new Reflector({
          client: options.client,
          path: resourcePath({ group, version, plural, ...(namespace === '' ? {} : { namespace }) }),
          ...(labelSelector === undefined ? {} : { query: { labelSelector } }),
          ...(metadataOnly === undefined ? {} : { metadataOnly }),
          convert,
          store,
          clock: options.clock,
          log: options.log,
        }),
      );
    }
    return new Collection(stores);
  };

  const everywhere = [''];
  const watched = options.watchNamespaces.length === 0 ? everywhere : options.watchNamespaces;
  const own = [options.namespace];
  const ours = { group: GROUP, version: VERSION };
  const core = { group: '', version: 'v1' };
  const labelSelector = `${MANAGED_LABEL}=true`;
  const collections: Collections = {
    clusters: collect({ ...ours, plural: PLURALS.InfluxDBCluster, convert: clusterRecord }, everywhere),
    tokens: {
      DatabaseToken: collect(
        { ...ours, plural: PLURALS.DatabaseToken, convert: tokenRecord('DatabaseToken') },
        watched,
      ),
      ManagementToken: collect(
        { ...ours, plural: PLURALS.ManagementToken, convert: tokenRecord('ManagementToken') },
        watched,
      ),
    },
    secrets: collect(
      { ...core, plural: 'secrets', convert: managedSecretRecord, labelSelector, metadataOnly: true },
      watched,
    ),
    namespaces: collect({ ...core, plural: 'namespaces', convert: namespaceRecord, metadataOnly: true }, everywhere),
    ownSecrets: collect({ ...core, plural: 'secrets', convert: ownRecord, metadataOnly: true }, own),
    ownConfigMaps: collect({ ...core, plural: 'configmaps', convert: ownRecord, metadataOnly: true }, own),
  };
  return {
    collections,
    start: () => {
      for (const reflector of reflectors) reflector.start();
    },
    synced: Promise.all(reflectors.map(({ synced }) => synced)),
    stop: () => Promise.all(reflectors.map((reflector) => reflector.stop())),
  };
}
