// What the tour plays on: a control plane, a simulated InfluxDB and the operator, each in processes of its own.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import { StandIn } from '../influxctl/install.ts';
import { OperatorProcess } from '../operator/operator-process.ts';
import { RemoteSimulator } from '../simulator/remote.ts';

/** How long the simulated InfluxDB refuses a new token, in milliseconds: long enough to be seen. */
const ACTIVATION_DELAY = 2_000;
const OPERATOR = 'operator';

/** Starts things one by one and ends them in reverse order, also those that are only just starting then. */
export class Stage {
  readonly #ends = new AsyncDisposableStack();

  /** `report` hears of what takes long; `signal` breaks off the build of the control plane. */
  controlPlane(report: (line: string) => void, signal: AbortSignal): Promise<ControlPlane> {
    return this.#start(
      () => startControlPlane({ report, signal }),
      (controlPlane) => controlPlane.stop(),
    );
  }

  /** A simulator with the database `sensors`. */
  influxDB(): Promise<RemoteSimulator> {
    const flags = ['--database', 'sensors', '--activation-delay', String(ACTIVATION_DELAY)];
    return this.#start(
      () => RemoteSimulator.start(flags),
      (simulator) => simulator.stop(),
    );
  }

  /** The operator, ready; and the folder with its log and with `files`. */
  async operator(
    kubeconfig: string,
    files: Readonly<Record<string, string>>,
  ): Promise<{ log: string; folder: string }> {
    const processes = await this.#start(
      () => GuardedProcesses.create('influxtokens-demo'),
      (group) => group.end(),
    );
    const { directory } = processes;
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
    const influxctl = await this.#start(
      () => StandIn.install(directory),
      (command) => command.close(),
    );
    await this.#start(
      () =>
        OperatorProcess.start({
          processes,
          name: OPERATOR,
          kubeconfig,
          flags: ['--no-leader-elect', '--log-level=info', '--log-format=pretty', `--influxctl=${influxctl.path}`],
        }),
      async (operator) => {
        await operator.stop();
      },
    );
    return { log: join(directory, `${OPERATOR}.log`), folder: directory };
  }

  /** Ends everything. What begins to start after this throws. */
  close(): Promise<void> {
    return this.#ends.disposeAsync();
  }

  #start<T>(start: () => Promise<T>, end: (thing: T) => Promise<void>): Promise<T> {
    let starting: Promise<T | undefined> = Promise.resolve(undefined);
    this.#ends.defer(async () => {
      const thing = await starting.catch(() => undefined);
      if (thing !== undefined) await end(thing);
    });
    const started = start();
    starting = started;
    return started;
  }
}
