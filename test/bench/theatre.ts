// Sets up what all scenarios share: control plane, CRDs, the operator's namespace and credential, and the operator's program.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { addressIn, Endpoint } from './endpoint.ts';
import { waitFor } from '../wait.ts';
import { clusterPath, CREDENTIAL, tokenPath } from './objects.ts';
import type { Options } from './options.ts';
import { ADMIN_TOKEN, type Theatre } from './stage.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Enough for whatever the benchmark itself does at the same time. */
const CONNECTIONS = 32;

/** Builds the operator and starts everything; `close` ends it. */
export async function openTheatre({ noise, profile }: Options): Promise<Theatre & { close(): Promise<void> }> {
  // Nobody runs it when the raw loop is on both sides.
  const script = noise ? '' : await buildOperator();
  const controlPlane = await startControlPlane();
  const address = await addressIn(controlPlane.adminKubeconfig, 'influxtokens-bench');
  const kubernetes = new Endpoint(address, CONNECTIONS);
  try {
    for (const file of await readdir(join(ROOT, 'crds'))) {
      if (file !== 'kustomization.yaml') await controlPlane.apply(await readFile(join(ROOT, 'crds', file), 'utf8'));
    }
    const { namespace, name, key } = CREDENTIAL;
    await controlPlane.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: { [key]: ADMIN_TOKEN } },
    ]);
    await served(kubernetes);
  } catch (error) {
    await kubernetes.close();
    await controlPlane.stop();
    throw error;
  }
  return {
    controlPlane,
    kubernetes,
    address,
    operator: { script, kubeconfig: controlPlane.adminKubeconfig, profile },
    async close() {
      await kubernetes.close();
      await controlPlane.stop();
    },
  };
}

/** A new CRD is established before its storage is initialized, and until then everything is refused. */
async function served(kubernetes: Endpoint): Promise<void> {
  for (const path of [tokenPath('default'), clusterPath()]) {
    const list = (): Promise<string> => kubernetes.ask({ method: 'GET', path });
    await waitFor(list, { what: `the API server to serve ${path}` });
  }
}

/** What is measured is what is shipped: the bundle, made from the sources as they are now. */
async function buildOperator(): Promise<string> {
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT });
  return join(ROOT, 'dist/operator.cjs');
}
