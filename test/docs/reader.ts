// Somebody who reads a page and does what it says: with a control plane, an InfluxDB and a folder of his own.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { valuesOf } from '../demo/manifests.ts';
import { freePort } from '../free-port.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import { StandIn } from '../influxctl/install.ts';
import { OPERATOR_NAMESPACE, OperatorProcess } from '../operator/operator-process.ts';
import { Simulator } from '../simulator/simulator.ts';
import { commands, ROOT } from './markdown.ts';
import { runShell } from './shell.ts';

/** A reader, in a folder with what every page takes for granted: `deploy`, `crds` and `management-token.txt`. */
export class Reader {
  readonly simulator: Simulator;
  /** The commands that he has typed so far, as `commands` reads them. */
  readonly typed = new Set<string>();
  readonly #controlPlane: ControlPlane;
  readonly #processes: GuardedProcesses;
  readonly #influxctl: StandIn;
  readonly #folder: string;

  private constructor(parts: {
    controlPlane: ControlPlane;
    simulator: Simulator;
    processes: GuardedProcesses;
    influxctl: StandIn;
    folder: string;
  }) {
    this.#controlPlane = parts.controlPlane;
    this.simulator = parts.simulator;
    this.#processes = parts.processes;
    this.#influxctl = parts.influxctl;
    this.#folder = parts.folder;
  }

  /** A control plane of his own: the operator of a reader works in all namespaces. */
  static async sitsDown(): Promise<Reader> {
    const folder = await mkdtemp(join(tmpdir(), 'influxtokens-reader-'));
    const processes = await GuardedProcesses.create('influxtokens-reader-operator');
    const reader = new Reader({
      controlPlane: await startControlPlane(),
      simulator: await Simulator.start({ databases: ['sensors'] }),
      processes,
      influxctl: await StandIn.install(processes.directory),
      folder,
    });
    await cp(join(ROOT, 'deploy'), join(folder, 'deploy'), { recursive: true });
    await cp(join(ROOT, 'crds'), join(folder, 'crds'), { recursive: true });
    await reader.saves('management-token.txt', `${reader.simulator.adminToken}\n`);
    return reader;
  }

  /** Saves what a page shows, with his own host in the place of `influxdb.example.com`. */
  async saves(file: string, content: string): Promise<void> {
    const { INFLUXDB_URL, INFLUXDB_CA } = valuesOf(this.simulator);
    const here = `${INFLUXDB_URL}\n  tls: { caBundle: ${INFLUXDB_CA} }`;
    await writeFile(join(this.#folder, file), content.replace('https://influxdb.example.com', here));
  }

  /** Runs lines as he would in a shell, kubectl being that of the control plane; throws when one fails. */
  async types(lines: readonly string[]): Promise<string> {
    const printed = await runShell(lines, { controlPlane: this.#controlPlane, folder: this.#folder });
    for (const command of lines.flatMap(commands)) this.typed.add(command);
    return printed;
  }

  /** What the Deployment would do where there are nodes: runs the operator beside, under the account of the Deployment. */
  async getsAnOperator(flags: readonly string[] = []): Promise<void> {
    const account = await this.#controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'influxtokens-operator');
    await OperatorProcess.start({
      processes: this.#processes,
      name: 'operator',
      kubeconfig: account,
      flags: [`--influxctl=${this.#influxctl.path}`, ...flags],
    });
  }

  /**
   * Starts, in a checkout, what runs until he leaves, and waits until that says it is ready. He has the stand-in of influxctl on his PATH,
   * and other ports than those that are taken when none are told, or two could not do it on one machine.
   */
  async keepsRunning(line: string): Promise<void> {
    this.typed.add(line);
    const health = `127.0.0.1:${await freePort()}`;
    const running = await this.#processes.start({
      name: `terminal-${this.typed.size}`,
      command: 'sh',
      args: ['-e', '-c', `cd "$1"\nexec ${line}`, 'sh', ROOT],
      env: {
        PATH: `${dirname(this.#influxctl.path)}:${process.env.PATH}`,
        KUBECONFIG: this.#controlPlane.adminKubeconfig,
        INFLUXTOKENS_HEALTH_PROBE_BIND_ADDRESS: health,
        INFLUXTOKENS_METRICS_BIND_ADDRESS: '0',
      },
    });
    const ready = async (): Promise<boolean> => {
      const { statusCode, body } = await request(`http://${health}/readyz`, { reset: true });
      await body.dump();
      return statusCode === 200;
    };
    await running.ready(ready, 60_000);
  }

  /** What a file in his folder holds. */
  reads(file: string): Promise<string> {
    return readFile(join(this.#folder, file), 'utf8');
  }

  /** Ends all of it. */
  async leaves(): Promise<void> {
    await this.#processes.end();
    await this.#influxctl.close();
    await this.simulator.stop();
    await this.#controlPlane.stop();
    await rm(this.#folder, { recursive: true });
  }
}
