// HTTP to one InfluxDB cluster: pooled connections, deadlines, and a certain answer to whether a request was sent.

import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';

import type { Clock } from '../controller/clock.ts';
import { onAbort } from '../controller/on-abort.ts';
import { elsewhere } from './elsewhere.ts';
import { tlsOptions, type TLSSettings } from './tls.ts';
import { Transfer } from './transfer.ts';

const CONNECT_TIMEOUT = 5_000;
/** The longest silence while an answer is awaited or read. */
const IDLE_TIMEOUT = 30_000;
/** The largest answer that is read as a whole: more than any error page or single token. */
const LARGEST_ANSWER = 1024 * 1024;

/** What holds for every request to a cluster. */
export interface HttpClientOptions extends TLSSettings {
  /** The operator's version, for the User-Agent. */
  readonly version: string;
  readonly clock: Clock;
  /** How the names of hosts become addresses; unless told, as the system does it. */
  readonly lookup?: LookupFunction;
}

/** One request. `deadline` is the longest the whole exchange may take, in milliseconds, the reading of the answer included. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** Response headers, by lower-case name. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** An answer whose body is still to be read, once, within the exchange. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** When the request set out and when the headers came, by our clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/**
 * The connections to one cluster, its Management API and its data API alike. Redirects are never followed: a credential goes nowhere else than
 * where the administrator sent it. Proxies come from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, also in lower case).
 */
export class HttpClient {
  readonly #agent: EnvHttpProxyAgent;
  readonly #clock: Clock;
  readonly #userAgent: string;

  /** Throws an `Error` with a printable message where the CA bundle or a proxy's URL is not usable. */
  constructor(options: HttpClientOptions) {
    const connect = { ...tlsOptions(options), lookup: elsewhere(options.lookup ?? lookup) };
    this.#agent = proxyAgent({
      // Over HTTP/2 one lost connection would take all requests in flight with it, and leave all their outcomes unknown.
      allowH2: false,
      connectTimeout: CONNECT_TIMEOUT,
      headersTimeout: IDLE_TIMEOUT,
      bodyTimeout: IDLE_TIMEOUT,
      connect,
      requestTls: { ...connect, allowH2: false },
    });
    this.#clock = options.clock;
    this.#userAgent = `influxdb-token-operator/${options.version}`;
  }

  /**
   * Sends the request and hands the answer, whatever its status, to `read`; what `read` throws is thrown on. Everything else that goes wrong is
   * a `NetworkFailure`, also a signal that fires on the way; one that has fired before rejects with its reason.
   */
  async exchange<T>(request: HttpRequest, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    const { signal } = request;
    signal?.throwIfAborted();
    const transfer = new Transfer();
    const cancelDeadline = this.#clock.after(request.deadline, () => transfer.giveUp('TOO_SLOW'));
    const cancelSignal = onAbort(signal, () => transfer.giveUp('ABORTED'));
    const sentAt = this.#clock.now();
    try {
      this.#agent.dispatch(this.#outgoing(request), transfer);
      const { status, headers } = await transfer.head;
      return await read({ status, headers, body: transfer.body(), sentAt, receivedAt: this.#clock.now() });
    } finally {
      cancelDeadline();
      cancelSignal();
      // What the reader has left of the answer is not waited for.
      transfer.giveUp('ABORTED');
    }
  }

  /** Ends all connections; requests in flight fail. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #outgoing({ method, url, headers, body }: HttpRequest): Dispatcher.DispatchOptions {
    return {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { accept: 'application/json', 'user-agent': this.#userAgent, ...headers },
      body: body ?? null,
    };
  }
}

/** The body as text; `undefined` where it is larger than any single answer may be. */
export async function readText(answer: HttpAnswer): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function proxyAgent(options: EnvHttpProxyAgent.Options): EnvHttpProxyAgent {
  try {
    return new EnvHttpProxyAgent(options);
  } catch {
    // Not passed on: it quotes the proxy's URL, which may hold a password.
    throw new Error('HTTPS_PROXY or HTTP_PROXY in the environment is not a usable URL');
  }
}
