// The Kubernetes objects of the benchmark and where they are found.

import { resourcePath } from '../../src/kubernetes/paths.ts';
import { API_VERSION, GROUP, PLURALS, VERSION } from '../../src/resources/group.ts';

/** The data keys and names that the benchmark gives to what it makes. */
export const CREDENTIAL = { namespace: 'influxtokens-bench', name: 'influxdb-admin', key: 'token' } as const;

/** A DatabaseToken as a user applies it. */
export function databaseToken(cluster: string, namespace: string, name: string): object {
  return {
    apiVersion: API_VERSION,
    kind: 'DatabaseToken',
    metadata: { name, namespace },
    spec: { clusterRef: { name: cluster }, permissions: PERMISSIONS },
  };
}

/** What every token of the benchmark may do. */
export const PERMISSIONS = [
  { action: 'read', resource: 'sensors' },
  { action: 'write', resource: 'sensors' },
] as const;

/** The path of the DatabaseTokens of a namespace, of one, or of its status. */
export function tokenPath(namespace: string, name?: string, subresource?: 'status'): string {
  return resourcePath({
    group: GROUP,
    version: VERSION,
    plural: PLURALS.DatabaseToken,
    namespace,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  });
}

/** The path of all InfluxDBClusters, or of one. */
export function clusterPath(name?: string): string {
  const all = { group: GROUP, version: VERSION, plural: PLURALS.InfluxDBCluster };
  return resourcePath(name === undefined ? all : { ...all, name });
}

/** The path of the Secrets of a namespace. */
export function secretPath(namespace: string): string {
  return resourcePath({ group: '', version: 'v1', plural: 'secrets', namespace });
}

/** The path of a namespace. */
export function namespacePath(name: string): string {
  return resourcePath({ group: '', version: 'v1', plural: 'namespaces', name });
}

/**
 * An InfluxDBCluster that lets one namespace have as many tokens as it likes. Its probe is off: that is one more request for each
 * token, to the data API, which a script has no reason to make.
 */
export function influxDBCluster(name: string, namespace: string, at: { url: string; caBundle: string }): object {
  const { name: secret, key } = CREDENTIAL;
  return {
    apiVersion: API_VERSION,
    kind: 'InfluxDBCluster',
    metadata: { name },
    spec: {
      product: 'Clustered',
      url: at.url,
      credentials: { secretRef: { name: secret, key } },
      tls: { caBundle: Buffer.from(at.caBundle).toString('base64') },
      activationProbe: 'Disabled',
      access: [
        {
          name: 'bench',
          namespaces: { names: [namespace] },
          databases: ['sensors'],
          actions: ['read', 'write'],
          maxTokens: 100_000,
        },
      ],
    },
  };
}
