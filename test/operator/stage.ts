// Where the operator plays: a control plane with our kinds, the operator as a process, and scenes to play in.

import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

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
import { borrowControlPlane, giveBack } from './borrowed-control-plane.ts';
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

/** One a test file. Each test plays in a scene of its own, so that tests may run at the same time. */
export class Stage<C extends ControlPlaneClient = ControlPlaneClient> {
  readonly controlPlane: C;
  /** Speaks to the API server as administrator. */
  readonly kubernetes: KubernetesClient;
  readonly scenes: Scene[] = [];
  readonly #end: () => Promise<void>;
  readonly #processes: GuardedProcesses;
  readonly #kubeconfig: string;
  readonly #flags: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #operators: OperatorProcess[] = [];
  /** So long was the audit log at the beginning. */
  readonly #audited: number;

  private constructor(parts: Parts<C>) {
    this.controlPlane = parts.controlPlane;
    this.kubernetes = parts.kubernetes;
    this.#end = parts.end;
    this.#audited = parts.audited;
    this.#processes = parts.processes;
    this.#kubeconfig = parts.kubeconfig;
    this.#flags = parts.flags;
    this.#environment = parts.environment;
  }

  /** Starts a control plane of its own and the operator; this has the rights of a deployed one and no more. */
  static async start(options: StageOptions = {}): Promise<Stage<ControlPlane>> {
    const controlPlane = await startControlPlane({ prepare: prepare(options) });
    return Stage.#open(controlPlane, options, () => controlPlane.stop());
  }

  /**
   * The same on a control plane that others have played on and will play on: for who leaves behind nothing but objects of ours, Secrets and
   * what is in namespaces, and leaves the control plane as it is.
   */
  static async borrow(options: Omit<StageOptions, 'manifests' | 'namespaces'> = {}): Promise<Stage> {
    const controlPlane = await borrowControlPlane(prepare(options));
    if (controlPlane === undefined) return Stage.start(options);
    return Stage.#open(controlPlane, options, (kubernetes) => giveBack(controlPlane, kubernetes));
  }

  static async #open<C extends ControlPlaneClient>(
    controlPlane: C,
    options: StageOptions,
    end: (kubernetes: KubernetesClient) => Promise<void>,
  ): Promise<Stage<C>> {
    const { operatorFlags = [], environment = {}, influxctl } = options;
    const kubeconfig = await controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'influxtokens-operator');
    const { client: kubernetes, close: disconnect } = await connect(controlPlane.adminKubeconfig);
    const processes = await GuardedProcesses.create('influxtokens-operator');
    const command = influxctl && (await StandIn.install(processes.directory, influxctl));
    const flags = [...operatorFlags, ...(command === undefined ? [] : [`--influxctl=${command.path}`])];
    const { size: audited } = await stat(controlPlane.auditLog);
    const stage = new Stage({
      controlPlane,
      kubernetes,
      processes,
      kubeconfig,
      flags,
      environment,
      audited,
      end: async () => {
        await command?.close();
        await end(kubernetes);
        await disconnect();
      },
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

  /** What the API server has been asked since the beginning, oldest first. */
  async audited(filter: (event: AuditEvent) => boolean): Promise<readonly AuditEvent[]> {
    // The log is a moment behind the answers: once it shows a request of our own, it shows what was answered before.
    const mark = randomBytes(8).toString('hex');
    await this.kubernetes.request({ method: 'GET', path: '/version', query: { mark } });
    const isMark = ({ requestURI }: AuditEvent): boolean => requestURI.endsWith(mark);
    const marked = async (): Promise<boolean> =>
      (await this.controlPlane.auditEvents(isMark, this.#audited)).length > 0;
    await waitFor(marked, { what: 'the audit log' });
    return this.controlPlane.auditEvents(filter, this.#audited);
  }

  /** The audit log since the beginning, as it is. */
  auditLog(): Promise<string> {
    return text(createReadStream(this.controlPlane.auditLog, { start: this.#audited }));
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
    await Promise.all(this.scenes.map((scene) => scene.close()));
    await this.#end();
  }
}

interface Parts<C> {
  readonly controlPlane: C;
  readonly kubernetes: KubernetesClient;
  readonly end: () => Promise<void>;
  readonly audited: number;
  readonly processes: GuardedProcesses;
  readonly kubeconfig: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What a control plane gets before its controllers start. */
function prepare({
  manifests = BASE,
  namespaces = [],
}: StageOptions): (client: ControlPlaneClient) => Promise<unknown> {
  return (client) => Promise.all([installDefinitions(client), installOperator(client, manifests, namespaces)]);
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
