// Makes an API server know our kinds.

import { customResourceDefinitions } from '../../src/resources/crd.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';

/** Applies the CRDs and waits until they are served. As often as one likes: every test file does it, on one control plane. */
export async function installDefinitions(controlPlane: ControlPlaneClient): Promise<void> {
  const definitions = customResourceDefinitions();
  await controlPlane.apply(definitions);
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  const { code, stderr } = await controlPlane.kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=30s',
    ...names,
  ]);
  if (code !== 0) throw new Error(`the CRDs are not served: ${stderr}`);
}
