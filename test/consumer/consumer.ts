// Applications that use the token of a Secret, each served as a cluster would: by a mounted volume, or by its environment and a rollout.

import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedProcess, GuardedProcesses } from '../guarded-processes.ts';
import type { Scene } from '../operator/scene.ts';
import { waitFor } from '../wait.ts';

const APPLICATION = join(import.meta.dirname, 'application.ts');

/** From a change of the Secret to what is done about it at the most; a kubelet takes up to a minute. */
const NOTICE = 500;

/** How an application comes by its token. */
export type Supply = 'file' | 'environment';

/** One application; it runs from the moment the Secret is there until `stop`. */
export class Consumer {
  /** How often it was started: once, and for each change of the Secret where its token is in the environment. */
  starts = 0;
  /** The string that all its requests carry by now. */
  token = '';
  readonly #processes: GuardedProcesses;
  readonly #scene: Scene;
  readonly #secret: string;
  readonly #supply: Supply;
  readonly #directory: string;
  readonly #end = new AbortController();
  #running: GuardedProcess | undefined;
  #following: Promise<void> | undefined;

  private constructor(processes: GuardedProcesses, scene: Scene, secret: string, supply: Supply) {
    this.#processes = processes;
    this.#scene = scene;
    this.#secret = secret;
    this.#supply = supply;
    this.#directory = join(processes.directory, `${scene.namespace}-${secret}-${supply}`);
  }

  /** Starts it with the token that the Secret holds under the key `token`; resolves when it was served. */
  static async start(processes: GuardedProcesses, scene: Scene, secret: string, supply: Supply): Promise<Consumer> {
    const consumer = new Consumer(processes, scene, secret, supply);
    await mkdir(consumer.#directory);
    await writeFile(join(consumer.#directory, 'ca.crt'), scene.simulator.caBundle);
    const token = await consumer.#token();
    await consumer.#change(token);
    consumer.#following = consumer.#follow(token);
    return consumer;
  }

  /** Every answer so far of all its processes, oldest first in each: the status, and when it came. */
  async answers(): Promise<{ status: number; at: number }[]> {
    const logs = Array.from({ length: this.starts }, (_, at) => this.#log(at + 1));
    const lines = (await Promise.all(logs)).flatMap((log) => log.split('\n').filter((line) => line !== ''));
    return lines.map((line) => {
      const [status = '', at = ''] = line.split(' ');
      if (Number.isNaN(Date.parse(at))) throw new Error(`the application said: ${line}`);
      return { status: Number(status), at: Date.parse(at) };
    });
  }

  /** Ends it; throws when it has failed before. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#following;
    await this.#running?.stop('SIGTERM');
  }

  async #follow(first: string): Promise<void> {
    let seen = first;
    while (!this.#end.signal.aborted) {
      await sleep(NOTICE, undefined, { signal: this.#end.signal }).catch(() => undefined);
      const now = await this.#token();
      if (now !== seen) await this.#change(now);
      seen = now;
    }
  }

  async #token(): Promise<string> {
    return (await this.#scene.secret(this.#secret)).data['token'] ?? '';
  }

  async #change(token: string): Promise<void> {
    if (this.#supply === 'file') await this.#mount(token);
    if (this.#supply === 'environment' || this.starts === 0) await this.#rollOut(token);
    this.token = token;
  }

  /** As a kubelet does: a new folder, and one link that is swapped, so that nobody reads half a file. */
  async #mount(token: string): Promise<void> {
    const folder = `..${process.hrtime.bigint()}`;
    await mkdir(join(this.#directory, folder));
    await writeFile(join(this.#directory, folder, 'token'), token);
    await symlink(folder, join(this.#directory, '..data_tmp'));
    await rename(join(this.#directory, '..data_tmp'), join(this.#directory, '..data'));
  }

  /** As a Deployment does: the new one has to be served before the old one goes. */
  async #rollOut(token: string): Promise<void> {
    const before = this.#running;
    this.starts += 1;
    const start = this.starts;
    const { dataURL } = this.#scene.simulator;
    const args = [APPLICATION, `--url=${dataURL}`, `--ca=${join(this.#directory, 'ca.crt')}`];
    const isFile = this.#supply === 'file';
    this.#running = await this.#processes.start({
      name: this.#name(start),
      command: process.execPath,
      args: isFile ? [...args, `--token-file=${join(this.#directory, '..data/token')}`] : args,
      ...(isFile ? {} : { env: { INFLUX_TOKEN: token } }),
    });
    await waitFor(async () => /^20/m.test(await this.#log(start)), { what: `${this.#name(start)} to be served` });
    await before?.stop('SIGTERM');
  }

  #name(start: number): string {
    return `application-${this.#scene.namespace}-${this.#secret}-${this.#supply}-${start}`;
  }

  #log(start: number): Promise<string> {
    return readFile(join(this.#processes.directory, `${this.#name(start)}.log`), 'utf8');
  }
}

/** What an application must never be told once it was served: every answer but success, and when. */
export async function refusals(consumer: Consumer): Promise<string[]> {
  const answers = await consumer.answers();
  const served = answers.findIndex(({ status }) => status < 300);
  return answers
    .slice(served)
    .filter(({ status }) => status >= 300)
    .map(({ status, at }) => `${status} at ${new Date(at).toISOString()}`);
}
