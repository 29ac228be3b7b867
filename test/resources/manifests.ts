// Small valid manifests of our kinds, for tests to change one thing at a time.

import { API_VERSION, PLURALS } from '../../src/resources/group.ts';

/** A manifest as a user would write it, valid or not. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: 'InfluxDBCluster' | 'DatabaseToken' | 'ManagementToken';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A valid DatabaseToken but for what `spec` says. A field that is `undefined` is left out. */
export function databaseToken(spec: Manifest['spec'] = {}): Manifest {
  return manifest('DatabaseToken', { permissions: [{ action: 'read', resource: 'sensors' }], ...spec });
}

/** A valid ManagementToken but for what `spec` says. */
export function managementToken(spec: Manifest['spec'] = {}): Manifest {
  return manifest('ManagementToken', spec);
}

/** A valid InfluxDBCluster of product Clustered but for what `spec` says. */
export function cluster(spec: Manifest['spec'] = {}): Manifest {
  return manifest('InfluxDBCluster', {
    product: 'Clustered',
    url: 'https://influxdb.example.com',
    credentials: { secretRef: { name: 'influxdb-admin', key: 'token' } },
    ...spec,
  });
}

/** A valid InfluxDBCluster of product CloudDedicated but for what `spec` says. */
export function cloudCluster(spec: Manifest['spec'] = {}): Manifest {
  return cluster({
    product: 'CloudDedicated',
    accountID: 'account-1',
    clusterID: 'cluster-1',
    dataURL: 'https://cluster-1.example.com',
    ...spec,
  });
}

/** A valid InfluxDBCluster with one access rule, valid but for what `rule` says. */
export function clusterWithRule(rule: Manifest['spec']): Manifest {
  const valid = { name: 'team-a', namespaces: { names: ['metrics'] }, databases: ['sensors'], actions: ['read'] };
  return cluster({ access: [{ ...valid, ...rule }] });
}

/** The same under another name, and in a namespace unless it is cluster-scoped. */
export function named(original: Manifest, name: string, namespace: string): Manifest {
  return { ...original, metadata: original.kind === 'InfluxDBCluster' ? { name } : { name, namespace } };
}

/** Tells our kinds from the other objects in a file. */
export function isOurs(object: unknown): object is Manifest {
  return typeof object === 'object' && object !== null && 'kind' in object && String(object.kind) in PLURALS;
}

function manifest(kind: Manifest['kind'], spec: Manifest['spec']): Manifest {
  return { apiVersion: API_VERSION, kind, metadata: { name: 'example' }, spec };
}
