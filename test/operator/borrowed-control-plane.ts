// The control plane on which one test file after the other of a jest worker plays, with our kinds and a deployed operator's rights. To start one
// for each was a tenth of what all tests cost.

import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { GROUP, PLURALS, VERSION } from '../../src/resources/group.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { attachTo, CONNECTION, leaveConnection } from '../controlplane/shared.ts';
import { deleteAt, mergeInto, orUndefined } from './objects.ts';

/** Modules are loaded anew for each file, so what the worker has is found by its folder; its guardian removes that when the worker ends. */
const PREFIX = `influxtokens-worker-${process.pid}`;
/** In the folder while a stage plays on it. */
const LENT = 'lent';

type Prepare = (controlPlane: ControlPlaneClient) => Promise<unknown>;

/** Starts the worker's, the first time. `undefined` when another stage plays on it, or has left without clearing it. */
export async function borrowControlPlane(prepare: Prepare): Promise<ControlPlaneClient | undefined> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`${PREFIX}-`));
  const standing = folders.map((name) => join(tmpdir(), name)).find((path) => existsSync(join(path, CONNECTION)));
  if (standing === undefined) {
    const controlPlane = await startControlPlane({ prefix: PREFIX, prepare });
    await writeFile(join(controlPlane.directory, LENT), '');
    await leaveConnection(controlPlane);
    return controlPlane;
  }
  try {
    await writeFile(join(standing, LENT), '', { flag: 'wx' });
  } catch {
    return undefined;
  }
  return attachTo(standing);
}

/**
 * Takes away all that an operator would act on, once none runs any more, so that the next stage begins with nothing. Namespaces stay, and the
 * Events in them: nobody looks at those of others, and to end a namespace costs hundreds of requests.
 */
export async function giveBack({ directory }: ControlPlaneClient, kubernetes: KubernetesClient): Promise<void> {
  const ours = { group: GROUP, version: VERSION };
  for (const plural of Object.values(PLURALS)) await clear(kubernetes, { ...ours, plural });
  await clear(kubernetes, { group: '', version: 'v1', plural: 'secrets' });
  // Of an operator that was killed; the next one would wait for it to run out.
  await clear(kubernetes, { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' });
  await rm(join(directory, LENT));
}

interface Listed {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly finalizers?: readonly string[] };
}

async function clear(
  kubernetes: KubernetesClient,
  kind: { readonly group: string; readonly version: string; readonly plural: string },
): Promise<void> {
  const { items } = await kubernetes.request<{ items: readonly Listed[] }>({ method: 'GET', path: resourcePath(kind) });
  const theirs = items.filter(({ metadata }) => !metadata.namespace?.startsWith('kube-'));
  await Promise.all(
    theirs.map(async ({ metadata: { name, namespace, finalizers = [] } }) => {
      const path = resourcePath({ ...kind, name, ...(namespace === undefined ? {} : { namespace }) });
      // It may go with its finalizer, or with the object that owned it.
      const gone = async (): Promise<void> => {
        if (finalizers.length > 0) await mergeInto(kubernetes, path, { metadata: { finalizers: null } });
        await deleteAt(kubernetes, path);
      };
      await orUndefined(gone());
    }),
  );
}
