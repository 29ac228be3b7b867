// What an administrator and a team do once the operator is installed.

import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { valuesOf } from '../demo/manifests.ts';
import { OPERATOR_NAMESPACE } from '../operator/operator-process.ts';
import { cluster, databaseToken, named } from '../resources/manifests.ts';
import type { Simulator } from '../simulator/simulator.ts';

/** The credential, and an InfluxDBCluster that lets a namespace have tokens. */
export async function connectCluster(
  controlPlane: ControlPlaneClient,
  simulator: Simulator,
  namespace: string,
): Promise<void> {
  const { INFLUXDB_CA, INFLUXDB_URL, INFLUXDB_ADMIN_TOKEN } = valuesOf(simulator);
  const access = [{ name: 'team', namespaces: { names: [namespace] }, databases: ['sensors'], actions: ['read'] }];
  await controlPlane.apply([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'influxdb-admin', namespace: OPERATOR_NAMESPACE },
      stringData: { token: INFLUXDB_ADMIN_TOKEN },
    },
    named(cluster({ url: INFLUXDB_URL, tls: { caBundle: INFLUXDB_CA }, access }), 'default', ''),
  ]);
}

/** Asks for a token and waits until an application would be let in. */
export async function issueToken(
  controlPlane: ControlPlaneClient,
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await controlPlane.apply(named(databaseToken(spec), name, namespace));
  const waiting = [
    'wait',
    `databasetoken/${name}`,
    `--namespace=${namespace}`,
    '--for=condition=Ready',
    '--timeout=60s',
  ];
  const { code, stderr } = await controlPlane.kubectl(waiting);
  if (code !== 0) throw new Error(`${namespace}/${name} is not issued: ${stderr}`);
}
