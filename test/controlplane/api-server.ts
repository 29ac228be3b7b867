// The API server's process: started on a free port, and again on the same one as often as a test likes.

import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

import type { IssuedCertificate } from '../certificates.ts';
import { freePort } from '../free-port.ts';
import type { GuardedProcess, GuardedProcesses } from '../guarded-processes.ts';
import { apiServerFlags } from './flags.ts';

const host = '127.0.0.1';
const timeout = 60_000;

/** What an API server needs to be started with. */
export interface APIServerSetup {
  readonly processes: GuardedProcesses;
  /** The path of kube-apiserver. */
  readonly command: string;
  readonly flags: readonly string[];
  /** Whom to trust, and as whom to ask whether it is ready. */
  readonly authority: string;
  readonly administrator: IssuedCertificate;
}

/** An API server that may be stopped and started. */
export class APIServer {
  readonly #setup: APIServerSetup;
  readonly #port: number;
  #process: GuardedProcess | undefined;

  private constructor(setup: APIServerSetup, port: number) {
    this.#setup = setup;
    this.#port = port;
  }

  /** Starts one on a port that was free a moment ago; on another one, should somebody have been quicker. */
  static async start(setup: APIServerSetup): Promise<APIServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new APIServer(setup, await freePort());
      try {
        await server.start();
        return server;
      } catch (error) {
        if (attempt === 3 || !String(error).includes('address already in use')) {
          throw error;
        }
      }
    }
  }

  get url(): string {
    return `https://${host}:${this.#port}`;
  }

  /** The id of the process that runs now, or ran last. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it; resolves when it says that it is ready. */
  async start(): Promise<void> {
    const { processes, command, flags } = this.#setup;
    this.#process = await processes.start({
      name: 'kube-apiserver',
      command,
      args: apiServerFlags(this.#port, flags),
    });
    await this.#process.ready(() => this.serves('/readyz'), timeout);
  }

  /** Ends it; resolves when it has ended. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await this.#process?.stop(signal);
  }

  /** Whether the administrator is given what is at this path. Cheaper than a kubectl, of which waiting would run a dozen. */
  async serves(path: string): Promise<boolean> {
    const { authority, administrator } = this.#setup;
    const asked = request(`${this.url}${path}`, {
      ca: authority,
      cert: administrator.certificate,
      key: administrator.key,
      agent: false,
      signal: AbortSignal.timeout(5_000),
    });
    asked.end();
    const [response] = await once(asked, 'response');
    await text(response);
    return response.statusCode === 200;
  }
}
