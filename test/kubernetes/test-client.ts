// Our own Kubernetes client, connected to the control plane of the tests.

import { createClient, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { loadConnection } from '../../src/kubernetes/connection.ts';

/** A client with the rights of a kubeconfig; `close` ends its connections. */
export async function connect(kubeconfig: string): Promise<{ client: KubernetesClient; close: () => Promise<void> }> {
  const connection = await loadConnection({ kubeconfig });
  return { client: createClient({ connection, userAgent: 'test/1' }), close: () => connection.close() };
}
