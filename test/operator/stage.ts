// Where the operator plays: a control plane of its own with our kinds, the operator as a process, and scenes to play in.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { requestKind, type AuditEvent } from '../controlplane/audit.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { StandIn } from '../influxctl/install.ts';
import type { StandInOptions } from '../influxctl/stand-in.ts';
import { connect } from '../kubernetes/test-client.ts';
import { installDefinitions } from '../resources/install.ts';
import { waitFor } from '../wait.ts';
import { OPERATOR_NAMESPACE, OperatorProcess } from './operator-process.ts';
import { Scene, type SceneOptions } from './scene.ts';

/** How to set a stage up. */
export interface StageOptions {
  /** Flags of the operator besides those that say where it runs. */
  readonly operatorFlags?: readonly string[];
  /** The kustomization that gives the operator its rights; `deploy/base` unless told. */
  readonly manifests?: string;
  /** Namespaces that are there before it is applied. */
  readonly namespaces?: readonly string[];
  /** What the operators' environment holds besides the little that every process gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Gives the operator an influxctl, which plays this one. */
  readonly influxctl?: StandInOptions;
}

const BASE = join(import.meta.dirname, '../../deploy/base');
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const OPERATOR_USER_AGENT = 'influxdb-token-operator/';

/** One a test file: a control plane takes seconds. Each test plays in a scene of its own, so that tests may run at the same time. */
export class Stage {
  readonly controlPlane: ControlPlane;
  /** Speaks to the API server as administrator. */
  readonly kubernetes: KubernetesClient;
  readonly scenes: Scene[] = [];
  readonly #disconnect: () => Promise<void>;
  readonly #processes: GuardedProcesses;
  readonly #kubeconfig: string;
  readonly #command: StandIn | undefined;
  readonly #flags: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #operators: OperatorProcess[] = [];

  private constructor(parts: Parts) {
    this.controlPlane = parts.controlPlane;
    this.kubernetes = parts.kubernetes;
    this.#disconnect = parts.disconnect;
    this.#processes = parts.processes;
    this.#kubeconfig = parts.kubeconfig;
    this.#command = parts.command;
    this.#flags = parts.flags;
    this.#environment = parts.environment;
  }

  /** Starts control plane and operator; this has the rights of a deployed one and no more. */
  static async start(options: StageOptions = {}): Promise<Stage> {
    const { operatorFlags = [], manifests = BASE, namespaces = [], environment = {}, influxctl } = options;
    const prepare = (client: ControlPlaneClient): Promise<unknown> =>
      Promise.all([installDefinitions(client), installOperator(client, manifests, namespaces)]);
    const controlPlane = await startControlPlane({ prepare });
    const kubeconfig = await controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'influxtokens-operator');
    const { client: kubernetes, close: disconnect } = await connect(controlPlane.adminKubeconfig);
    const processes = await GuardedProcesses.create('influxtokens-operator');
    const command = influxctl && (await StandIn.install(processes.directory, influxctl));
    const flags = [...operatorFlags, ...(command === undefined ? [] : [`--influxctl=${command.path}`])];
    const stage = new Stage({
      controlPlane,
      kubernetes,
      disconnect,
      processes,
      kubeconfig,
      command,
      flags,
      environment,
    });
    await stage.startOperator();
    return stage;
  }

  /** Where the operators put their temporary files. */
  get temporary(): string {
    return this.#processes.directory;
  }

  /** The operator that was started last. */
  get operator(): OperatorProcess {
    const operator = this.#operators.at(-1);
    if (operator === undefined) throw new Error('no operator was started yet');
    return operator;
  }

  /** Starts an operator, one more if there is one already. */
  async startOperator(flags: readonly string[] = []): Promise<OperatorProcess> {
    const operator = await OperatorProcess.start({
      processes: this.#processes,
      name: `operator-${this.#operators.length + 1}`,
      kubeconfig: this.#kubeconfig,
      flags: [...this.#flags, ...flags],
      environment: this.#environment,
    });
    this.#operators.push(operator);
    return operator;
  }

  /** What all operators of this stage have printed. */
  async operatorLog(): Promise<string> {
    return (await Promise.all(this.#operators.map((operator) => operator.log()))).join('');
  }

  /** A namespace, a simulator and an InfluxDBCluster that no other test has; its name begins with `prefix`. */
  async scene(prefix: string, options: SceneOptions = {}): Promise<Scene> {
    const scene = await Scene.open(this, prefix, options);
    this.scenes.push(scene);
    return scene;
  }

  /** What the operator wrote in a namespace so far, oldest first, each as `verb resource`; Events apart. */
  async writes(namespace: string): Promise<readonly string[]> {
    const written = await this.audited(
      ({ verb, userAgent = '', objectRef }) =>
        WRITES.has(verb) &&
        userAgent.startsWith(OPERATOR_USER_AGENT) &&
        objectRef?.namespace === namespace &&
        objectRef.resource !== 'events',
    );
    return written.map(requestKind);
  }

  /** What the API server has been asked so far, oldest first. */
  async audited(filter: (event: AuditEvent) => boolean): Promise<readonly AuditEvent[]> {
    // The log is a moment behind the answers: once it shows a request of our own, it shows what was answered before.
    const mark = randomBytes(8).toString('hex');
    await this.kubernetes.request({ method: 'GET', path: '/version', query: { mark } });
    const isMark = ({ requestURI }: AuditEvent): boolean => requestURI.endsWith(mark);
    await waitFor(async () => (await this.controlPlane.auditEvents(isMark)).length > 0, { what: 'the audit log' });
    return this.controlPlane.auditEvents(filter);
  }

  /** Runs kubectl as administrator; throws what it says when it fails. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.controlPlane.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with exit code ${code}:\n${stderr}`);
    return stdout;
  }

  /** Ends all of it. */
  async stop(): Promise<void> {
    await this.#processes.end();
    await this.#command?.close();
    await this.#disconnect();
    await Promise.all(this.scenes.map((scene) => scene.close()));
    await this.controlPlane.stop();
  }
}

interface Parts {
  readonly controlPlane: ControlPlane;
  readonly kubernetes: KubernetesClient;
  readonly disconnect: () => Promise<void>;
  readonly processes: GuardedProcesses;
  readonly kubeconfig: string;
  readonly command: StandIn | undefined;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What the manifests make, above all the operator's rights. Its Deployment stays without pods: there is no node for them. */
async function installOperator(
  controlPlane: ControlPlaneClient,
  manifests: string,
  namespaces: readonly string[],
): Promise<void> {
  for (const name of namespaces) await controlPlane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', '-k', manifests]);
  if (code !== 0) throw new Error(`${manifests} was not applied: ${stderr}`);
}
