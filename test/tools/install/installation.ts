// An installation on a control plane without nodes: what deploy/ installs is real, and a process stands in for the pod.

import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../../scripts/bundle.ts';
import { OPERATOR_VERSION } from '../../../src/version.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { GuardedProcesses } from '../../guarded-processes.ts';
import { OPERATOR_NAMESPACE, OperatorProcess } from '../../operator/operator-process.ts';
import { ROOT } from '../../docs/markdown.ts';
import { runShell } from '../../docs/shell.ts';
import { waitFor } from '../../wait.ts';

/** The version of this checkout, and one that comes after it. */
export const VERSIONS = [OPERATOR_VERSION, '99.0.0'] as const;
export type Version = (typeof VERSIONS)[number];

const DEPLOYMENT = 'deployment/influxtokens-operator';

/** As much of a Deployment as says how its pod is run. */
interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
      };
    };
  };
}

interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** Two versions of the repository to install from, and the operator that runs. */
export class Installation {
  readonly #controlPlane: ControlPlane;
  readonly #processes: GuardedProcesses;
  readonly #path: readonly string[];
  #pods = 0;

  private constructor(controlPlane: ControlPlane, processes: GuardedProcesses, path: readonly string[]) {
    this.#controlPlane = controlPlane;
    this.#processes = processes;
    this.#path = path;
  }

  /** Writes both versions; commands find what is in the folders of `path`. */
  static async prepare(controlPlane: ControlPlane, path: readonly string[]): Promise<Installation> {
    const processes = await GuardedProcesses.create('influxtokens-installation');
    const installation = new Installation(controlPlane, processes, path);
    const built = await bundle();
    const program = built.find((file) => file.path === 'operator.cjs')?.content ?? '';
    for (const version of VERSIONS) {
      const folder = installation.folder(version);
      await mkdir(folder);
      for (const part of ['deploy', 'crds']) await cp(join(ROOT, part), join(folder, part), { recursive: true });
      await writeFile(join(folder, 'operator.cjs'), program.replace(`"${OPERATOR_VERSION}"`, `"${version}"`));
      if (version !== OPERATOR_VERSION) await makeLater(join(folder, 'deploy'), version);
    }
    return installation;
  }

  /** Where a version was checked out. */
  folder(version: Version): string {
    return join(this.#processes.directory, version);
  }

  /** Runs commands of a page in the checkout of a version. */
  run(version: Version, commands: string): Promise<string> {
    const options = { controlPlane: this.#controlPlane, folder: this.folder(version), path: this.#path };
    return runShell(commands.trimEnd().split('\n'), options);
  }

  /** The Deployment as the API server has it. */
  async deployment(): Promise<Deployment> {
    const deployment: Deployment = JSON.parse(await this.kubectl('get', DEPLOYMENT, '--output=json', IN_NAMESPACE));
    return deployment;
  }

  /** What kubelet and Deployment controller would do: runs what the Deployment says, as whom it says, and reports that it is available. */
  async startPod(): Promise<OperatorProcess> {
    const { spec, metadata } = await this.deployment();
    const { serviceAccountName, containers } = spec.template.spec;
    const [{ image, args = [], env }] = containers;
    const version = VERSIONS.find((version) => image.endsWith(`:${version}`));
    if (version === undefined) throw new Error(`there is no image ${image}`);
    const variables = env.map(({ name, value = OPERATOR_NAMESPACE }): [string, string] => [name, value]);
    const operator = await OperatorProcess.start({
      processes: this.#processes,
      name: `pod-${++this.#pods}`,
      kubeconfig: await this.#controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, serviceAccountName),
      flags: args,
      program: join(this.folder(version), 'operator.cjs'),
      environment: Object.fromEntries(variables),
    });
    const status = {
      observedGeneration: metadata.generation,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
    };
    const patch = `--patch=${JSON.stringify({ status })}`;
    await this.kubectl('patch', DEPLOYMENT, IN_NAMESPACE, '--subresource=status', '--type=merge', patch);
    return operator;
  }

  /** Who leads; empty when nobody does. */
  holder(): Promise<string> {
    return this.kubectl('get', 'lease/influxtokens-operator', IN_NAMESPACE, '--output=jsonpath={.spec.holderIdentity}');
  }

  /** Waits until somebody leads that is none of these. */
  newHolder(...before: readonly string[]): Promise<string> {
    const seen = async (): Promise<string | false> => {
      const holder = await this.holder();
      return !before.includes(holder) && holder;
    };
    return waitFor(seen, { what: 'a new leader' });
  }

  /** Runs kubectl as administrator; throws what it says when it fails. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#controlPlane.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Ends the pods. */
  async end(): Promise<void> {
    await this.#processes.end();
  }
}

const IN_NAMESPACE = `--namespace=${OPERATOR_NAMESPACE}`;

/** What a later version would have: another image, another version of the chart, and a Deployment that says something else. */
async function makeLater(folder: string, version: Version): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'utf8');
    const later = text
      .replaceAll(OPERATOR_VERSION, version)
      .replace('terminationGracePeriodSeconds: 15', 'terminationGracePeriodSeconds: 25');
    if (later !== text) await writeFile(path, later);
  }
}
