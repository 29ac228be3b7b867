// An Application of Argo CD as a test drives it: what Git holds, and a sync step by step.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { Scene } from '../../operator/scene.ts';
import type { Stage } from '../../operator/stage.ts';
import { waitFor } from '../../wait.ts';
import type { ArgoCD, Differences, SyncState } from './argocd.ts';

const TOKENS = join(import.meta.dirname, '../../../examples/argocd/tokens');
/** The names in the examples that each scene has its own of: its cluster and the credential of that are called alike. */
const NAMESPACE = '"metrics"';
const CLUSTER = /"(production|influxdb-admin)"/g;

/** As much of an object of an Application as is looked at. */
export interface GitObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: object;
}

export function parseObjects(yaml: string): GitObject[] {
  const objects: GitObject[] = JSON.parse(JSON.stringify(loadAll(yaml)));
  return objects;
}

/** What examples/argocd/tokens says, for the namespace and the InfluxDB of a scene. */
export async function tokensOf({ namespace, cluster, simulator }: Scene): Promise<GitObject[]> {
  const files = await readdir(TOKENS);
  const texts = await Promise.all(files.map((file) => readFile(join(TOKENS, file), 'utf8')));
  const { url, dataURL, caBundle } = simulator;
  const tls = { caBundle: Buffer.from(caBundle).toString('base64') };
  const named = JSON.stringify(texts.flatMap(parseObjects))
    .replaceAll(NAMESPACE, JSON.stringify(namespace))
    .replaceAll(CLUSTER, JSON.stringify(cluster));
  const objects: GitObject[] = JSON.parse(named);
  return objects.map((object) =>
    object.kind === 'InfluxDBCluster' ? { ...object, spec: { ...object.spec, url, dataURL, tls } } : object,
  );
}

export class Application {
  /** What Git holds at first. */
  readonly git: readonly GitObject[];
  readonly #argocd: ArgoCD;
  readonly #stage: Stage;
  readonly #namespace: string;

  /** The objects need not be in the cluster yet; `namespace` is where those go that name none. */
  constructor(argocd: ArgoCD, stage: Stage, namespace: string, git: readonly GitObject[]) {
    this.git = git;
    this.#argocd = argocd;
    this.#stage = stage;
    this.#namespace = namespace;
  }

  /** One step of a sync. What was in Git at first and is not in `objects` is pruned. */
  step(objects: readonly GitObject[], state?: SyncState): Promise<SyncState> {
    const { adminKubeconfig: kubeconfig } = this.#stage.controlPlane;
    return this.#argocd.syncStep({ kubeconfig, namespace: this.#namespace, objects, managed: this.git }, state);
  }

  /** Takes steps until something holds, or the sync is over. */
  async syncUntil(
    holds: (state: SyncState) => boolean | Promise<boolean>,
    objects: readonly GitObject[],
    begun?: SyncState,
  ): Promise<SyncState> {
    let state = begun;
    await waitFor(
      async () => {
        state = await this.step(objects, state);
        if (state.phase !== 'Running' || (await holds(state))) return true;
        throw new Error(state.message);
      },
      { what: 'the sync', timeout: 60_000 },
    );
    if (state === undefined) throw new Error('no step was taken');
    return state;
  }

  toItsEnd(objects: readonly GitObject[], begun?: SyncState): Promise<SyncState> {
    return this.syncUntil(() => false, objects, begun);
  }

  /** What Argo CD shows as different from Git; empty when it shows nothing. */
  async differences(): Promise<readonly Differences[]> {
    const found = await this.#argocd.differences(this.#stage.controlPlane.adminKubeconfig, this.git);
    return found.filter((one) => Object.keys(one).length > 0);
  }
}
