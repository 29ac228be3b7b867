// The stage with an interceptor before the API server and one before every simulator, and an operator that can be crashed.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { mergeInto, paths } from '../operator/objects.ts';
import { OPERATOR_NAMESPACE } from '../operator/operator-process.ts';
import type { SceneOptions } from '../operator/scene.ts';
import { Stage, type StageOptions } from '../operator/stage.ts';
import { Interceptor } from './intercept.ts';
import { Trial } from './trial.ts';

/** The service account of the manifests that users install, so that faults meet the operator with the rights it really has. */
const SERVICE_ACCOUNT = 'influxtokens-operator';
const MANIFESTS = join(import.meta.dirname, '../../deploy/base');

/** A way to the API server that leads through an interceptor. */
export interface Entrance {
  readonly kubernetes: Interceptor;
  /** The path of the kubeconfig for it. */
  readonly kubeconfig: string;
}

/** One a test file. */
export class Theatre {
  readonly stage: Stage<ControlPlane>;
  /** Before the API server. */
  readonly kubernetes: Interceptor;
  /** Leads through the interceptor. */
  readonly kubeconfig: string;
  readonly #trials = new Set<Trial>();
  readonly #interceptors: Interceptor[] = [];

  private constructor(stage: Stage<ControlPlane>, { kubernetes, kubeconfig }: Entrance) {
    this.stage = stage;
    this.kubernetes = kubernetes;
    this.kubeconfig = kubeconfig;
  }

  /** Starts a control plane, and no operator yet. */
  static async start(
    operatorFlags: readonly string[],
    options: Pick<StageOptions, 'influxctl' | 'environment'> = {},
  ): Promise<Theatre> {
    const stage = await Stage.start({ operatorFlags, ...options });
    await stage.operator.stop();
    await stage.kubectl('apply', '--server-side', '-k', MANIFESTS);
    return new Theatre(stage, await interceptKubernetes(stage));
  }

  /** Starts an operator that sees the world through the interceptors. */
  async startOperator(): Promise<void> {
    await this.stage.startOperator([`--kubeconfig=${this.kubeconfig}`]);
  }

  /** A further interceptor before the API server, for a further operator. */
  async entrance(): Promise<Entrance> {
    const entrance = await interceptKubernetes(this.stage);
    this.#interceptors.push(entrance.kubernetes);
    return entrance;
  }

  /** As a node that loses its power. */
  async crash(): Promise<void> {
    await this.stage.operator.kill();
  }

  /** A scene whose InfluxDBCluster leads through an interceptor. */
  async trial(prefix: string, options: SceneOptions = {}): Promise<Trial> {
    const scene = await this.stage.scene(prefix, { ...options, without: ['cluster'] });
    const influxdb = await Interceptor.start(scene.simulator.url, scene.simulator.caBundle);
    const trial = await Trial.open(scene, this.kubernetes, influxdb, options.cluster);
    this.#trials.add(trial);
    this.#interceptors.push(influxdb);
    return trial;
  }

  /** Takes a trial out of the way of those that follow: its InfluxDBCluster is not asked any more. */
  async dismiss(trial: Trial): Promise<void> {
    await mergeInto(this.stage.kubernetes, paths.cluster(trial.scene.cluster), { spec: { suspend: true } });
    this.#trials.delete(trial);
  }

  /** Ends the operator and dismisses all trials: after a test, however that ended. */
  async clear(): Promise<void> {
    await this.crash();
    await Promise.all([...this.#trials].map((trial) => this.dismiss(trial)));
  }

  async stop(): Promise<void> {
    await this.stage.stop();
    await Promise.all([this.kubernetes, ...this.#interceptors].map((interceptor) => interceptor.close()));
  }
}

async function interceptKubernetes({ controlPlane }: Stage): Promise<Entrance> {
  const kubernetes = await Interceptor.start(controlPlane.server, controlPlane.certificateAuthority);
  const direct = await controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, SERVICE_ACCOUNT);
  const kubeconfig = `${direct}.intercepted`;
  await writeFile(kubeconfig, redirected(await readFile(direct, 'utf8'), kubernetes));
  return { kubernetes, kubeconfig };
}

/** A kubeconfig of the test control plane that leads to an interceptor: JSON, as that writes it. */
function redirected(text: string, { url, caBundle }: Interceptor): string {
  const config: { clusters: { cluster: object }[] } = JSON.parse(text);
  const authority = Buffer.from(caBundle).toString('base64');
  for (const entry of config.clusters) entry.cluster = { server: url, 'certificate-authority-data': authority };
  return JSON.stringify(config);
}
