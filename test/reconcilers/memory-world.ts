// The watched world in memory: stores that a test fills by hand, in the way that reflectors do.

import type { Condition } from '../../src/resources/conditions.ts';
import { rfc3339 } from '../../src/resources/conditions.ts';
import type { DatabaseToken } from '../../src/resources/database-token.ts';
import { API_VERSION } from '../../src/resources/group.ts';
import type { InfluxDBCluster } from '../../src/resources/influxdb-cluster.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { Collection } from '../../src/kubernetes/collection.ts';
import { Store, type StoredObject } from '../../src/kubernetes/store.ts';
import { World, type NamespaceRecord, type OwnRecord, type Wakes } from '../../src/reconcilers/world.ts';
import type { SecretRecord } from '../../src/tokens/secret.ts';
import { aLedger, CLUSTER_UID, NOW } from '../builders.ts';

export const OPERATOR_NAMESPACE = 'influxtokens-system';

/** A world, and the keys that changes in it woke. */
export class MemoryWorld {
  readonly clusters = new Store<InfluxDBCluster>();
  readonly databaseTokens = new Store<TokenObject>();
  readonly managementTokens = new Store<TokenObject>();
  readonly secrets = new Store<SecretRecord>();
  readonly namespaces = new Store<NamespaceRecord>();
  readonly ownSecrets = new Store<OwnRecord>();
  readonly ownConfigMaps = new Store<OwnRecord>();
  readonly world: World;
  #woken: string[] = [];
  #version = 100;

  constructor() {
    const all = <T extends StoredObject>(store: Store<T>): Collection<T> => new Collection(new Map([['', store]]));
    const wakes: Wakes = {
      token: (key) => void this.#woken.push(key),
      cluster: (name) => void this.#woken.push(name),
      clusterLater: (name) => void this.#woken.push(`${name} later`),
      room: (name) => void this.#woken.push(`room in ${name}`),
    };
    this.world = new World(
      {
        clusters: all(this.clusters),
        tokens: { DatabaseToken: all(this.databaseTokens), ManagementToken: all(this.managementTokens) },
        secrets: all(this.secrets),
        namespaces: all(this.namespaces),
        ownSecrets: all(this.ownSecrets),
        ownConfigMaps: all(this.ownConfigMaps),
      },
      wakes,
    );
  }

  /** What was woken since it was last asked for, in order. */
  woken(): string[] {
    const woken = this.#woken;
    this.#woken = [];
    return woken;
  }

  /** A resource version newer than all before. */
  nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }

  /** The watch brings the object, new or changed; answers it with its new version. */
  put<T extends StoredObject>(store: Store<T>, object: T): T {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: this.nextVersion() } };
    store.change({ type: 'put', object: stored });
    return stored;
  }

  /** The watch brings the deletion. */
  remove<T extends StoredObject>(store: Store<T>, object: T): void {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: this.nextVersion() } };
    store.change({ type: 'delete', object: stored });
  }
}

/** A cluster as it is created; its UID is `CLUSTER_UID`. */
export function cluster(change: Partial<InfluxDBCluster['spec']> = {}, name = 'default'): InfluxDBCluster {
  return {
    apiVersion: API_VERSION,
    kind: 'InfluxDBCluster',
    metadata: {
      name,
      uid: name === 'default' ? CLUSTER_UID : `${name}-uid`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: rfc3339(NOW),
    },
    spec: {
      product: 'Clustered',
      url: 'https://influxdb.example.com',
      credentials: { secretRef: { name: 'influxdb-admin', key: 'token' } },
      ...change,
    },
  };
}

/** The same object with other metadata. */
export function withMetadata<T extends { readonly metadata: object }>(object: T, change: Partial<T['metadata']>): T {
  return { ...object, metadata: { ...object.metadata, ...change } };
}

/** A DatabaseToken `metrics/<name>`, whose UID is `<name>-uid`. */
export function databaseToken(name: string, change: Partial<DatabaseToken['spec']> = {}): DatabaseToken {
  return {
    apiVersion: API_VERSION,
    kind: 'DatabaseToken',
    metadata: {
      name,
      namespace: 'metrics',
      uid: `${name}-uid`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: rfc3339(NOW),
    },
    spec: { permissions: [{ action: 'read', resource: 'sensors' }], ...change },
  };
}

/** The same object, with a token that its status names. */
export function withToken<T extends TokenObject>(object: T, id: string): T {
  return { ...object, status: { token: { id, clusterUID: CLUSTER_UID, createdAt: rfc3339(NOW) } } };
}

/** The same object, with a Ready condition. */
export function withReady<T extends TokenObject>(object: T, reason: string): T {
  const ready: Condition = { type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: rfc3339(NOW) };
  return { ...object, status: { ...object.status, conditions: [ready] } };
}

/** A Secret of ours `metrics/<name>` that names a token of an object; nobody owns it unless said. */
export function managedSecret(name: string, tokenID: string, objectUID: string, owners: string[] = []): SecretRecord {
  return {
    metadata: { name, namespace: 'metrics', uid: `${name}-secret`, resourceVersion: '1' },
    ledger: aLedger({ tokenID, object: `DatabaseToken/metrics/${name}/${objectUID}` }),
    owners: owners.map(() => `DatabaseToken/${name}`),
    ownerUIDs: owners,
    terminating: false,
    foreignWriter: false,
  };
}

export function namespace(name: string, labels: Record<string, string> = {}, terminating = false): NamespaceRecord {
  return { metadata: { name, uid: `${name}-uid`, resourceVersion: '1', labels }, terminating };
}

/** A Secret or ConfigMap in the operator's own namespace. */
export function own(name: string): OwnRecord {
  return { metadata: { name, namespace: OPERATOR_NAMESPACE, uid: `${name}-uid`, resourceVersion: '1' } };
}
