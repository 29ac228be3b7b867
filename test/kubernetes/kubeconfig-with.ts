// The administrator's kubeconfig with something changed about the cluster.

import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';

/** The path of a new kubeconfig whose cluster entry has these fields too: another `server`, or a `proxy-url`. */
export async function kubeconfigWith(controlPlane: ControlPlaneClient, cluster: object): Promise<string> {
  const config: { clusters: { cluster: object }[] } = JSON.parse(await readFile(controlPlane.adminKubeconfig, 'utf8'));
  Object.assign(config.clusters[0]!.cluster, cluster);
  const path = join(controlPlane.directory, `${randomUUID()}.kubeconfig`);
  await writeFile(path, JSON.stringify(config));
  return path;
}
