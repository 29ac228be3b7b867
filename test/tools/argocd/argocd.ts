// Argo CD's own code as a program: see source/main.go.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildGoTool } from '../../go-tool.ts';
import { readYaml, type DiscoveredAction, type Health } from '../../argocd/customization-tests.ts';

const CONFIG_MAP = join(import.meta.dirname, '../../../deploy/argocd/argocd-cm.yaml');

/** What actions an object is offered, and what each makes of it. */
export interface Actions {
  readonly offered: readonly DiscoveredAction[];
  readonly results: Readonly<Record<string, object>>;
}

/** The ways in which Argo CD can compare a manifest with what the cluster has; see source/diff.go. */
export type Way = 'threeWay' | 'structuredMerge' | 'serverSide' | 'serverSideWithMutations';

/** What Argo CD would show as a difference, by the way of comparing; empty where it shows none. */
export type Differences = Readonly<Partial<Record<Way, { readonly live: unknown; readonly predicted: unknown }>>>;

/** How far a sync has come. What else it holds is Argo CD's. */
export interface SyncState {
  readonly phase: 'Running' | 'Succeeded' | 'Failed' | 'Error' | 'Terminating';
  readonly message: string;
}

/** A sync. */
export interface Sync {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** What Git says. */
  readonly objects: readonly object[];
  /** What it said before: objects that are pruned when Git says them no more. */
  readonly managed?: readonly object[];
}

/** Argo CD with the ConfigMap that we ship. */
export class ArgoCD {
  readonly #program: string;
  readonly #config: Readonly<Record<string, string>>;

  private constructor(program: string, config: Readonly<Record<string, string>>) {
    this.#program = program;
    this.#config = config;
  }

  /** Builds it, the first time. */
  static async build(report: (line: string) => void): Promise<ArgoCD> {
    const folder = await buildGoTool(
      {
        name: 'argocd',
        directory: join(import.meta.dirname, 'source'),
        sources: ['main.go', 'customizations.go', 'cluster.go', 'diff.go', 'sync.go', 'go.mod', 'go.sum'],
        commands: ['argocd'],
        cost: 'about 3 minutes on 2 cores',
      },
      report,
    );
    const { data } = await readYaml<{ data: Record<string, string> }>(CONFIG_MAP);
    return new ArgoCD(join(folder, 'argocd'), data);
  }

  /** The same without our ConfigMap. */
  unconfigured(): ArgoCD {
    return new ArgoCD(this.#program, {});
  }

  /** The health of each object; `null` where Argo CD knows none. */
  health(objects: readonly object[]): Promise<readonly (Health | null)[]> {
    return this.#ask('health', { objects });
  }

  /** The actions on each object. */
  actions(objects: readonly object[]): Promise<readonly Actions[]> {
    return this.#ask('actions', { objects });
  }

  /** Applies objects as a sync does: on the server, or as `kubectl apply` does. */
  apply(kubeconfig: string, objects: readonly object[], how: 'serverSide' | 'clientSide'): Promise<number> {
    return this.#ask('apply', { kubeconfig, objects, serverSide: how === 'serverSide' });
  }

  /** What each manifest and the live object differ in. */
  differences(kubeconfig: string, objects: readonly object[]): Promise<readonly Differences[]> {
    return this.#ask('diffs', { kubeconfig, objects });
  }

  /** One step of a sync, the first without a `state`; Argo CD takes them again and again until the phase is a final one. */
  syncStep(sync: Sync, state?: SyncState): Promise<SyncState> {
    return this.#ask('sync', { ...sync, ...(state === undefined ? {} : { state }) });
  }

  async #ask<T>(question: string, data: object): Promise<T> {
    const child = spawn(this.#program, [question], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined).end(JSON.stringify({ config: this.#config, ...data }));
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (code !== 0) throw new Error(`argocd ${question} ended with exit code ${code}:\n${stderr}`);
    const answer: T = JSON.parse(stdout);
    return answer;
  }
}
