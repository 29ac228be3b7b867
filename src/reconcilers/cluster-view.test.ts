import { expect, test } from '@jest/globals';
import { API_VERSION } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';
import type { TokenObject } from '../resources/token-object.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { clusterView } from './cluster-view.ts';

const metadata = {
  name: 'default',
  uid: 'cluster-uid',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2030-01-01T00:00:00Z',
};
const cluster: InfluxDBCluster = {
  apiVersion: API_VERSION,
  kind: 'InfluxDBCluster',
  metadata,
  spec: {
    product: 'Clustered',
    url: 'https://influxdb.example.com',
    credentials: { secretRef: { name: 'admin', key: 'token' } },
  },
};
const own = { ...metadata, namespace: 'metrics', uid: 'object-uid' };
const databaseToken: TokenObject = {
  apiVersion: API_VERSION,
  kind: 'DatabaseToken',
  metadata: own,
  spec: { permissions: [{ action: 'read', resource: 'sensors' }] },
};
const managementToken: TokenObject = { apiVersion: API_VERSION, kind: 'ManagementToken', metadata: own, spec: {} };
const connection: ClusterConnection = {
  issuers: {
    DatabaseToken: {
      list: async () => ({ tokens: [], total: 0 }),
      create: async () => Promise.reject(new Error('not asked for here')),
      get: async () => undefined,
      revoke: async () => true,
      clockSkew: 0,
    },
  },
  missing: { ManagementToken: { reason: 'InfluxctlMissing', message: 'started without --influxctl' } },
  probe: async () => ({ kind: 'accepted' }),
  useCredential: () => undefined,
  close: async () => undefined,
};

test('a ManagementToken is not asked of the Management API, which would make a database token of it', () => {
  const view = clusterView({ object: cluster, connection }, managementToken);
  expect(view.hindrance?.reason).toBe('InfluxctlMissing');
  expect(view.canRevoke).toBe(false);
  expect(clusterView({ object: cluster, connection }, databaseToken).hindrance).toBeUndefined();
});

test('what hinders the whole cluster is told before what hinders one kind', () => {
  const hindrance = { reason: 'ClusterUnreachable', message: 'no answer' } as const;
  expect(clusterView({ object: cluster, connection, hindrance }, managementToken).hindrance).toBe(hindrance);
});

test('a missing credential leaves the last good connection for revocations', () => {
  const hindrance = { reason: 'CredentialsMissing', message: 'no Secret' } as const;
  expect(clusterView({ object: cluster, connection, hindrance }, databaseToken).canRevoke).toBe(true);
  expect(clusterView({ object: cluster, hindrance }, databaseToken).canRevoke).toBe(false);
});
