// HTTP to one InfluxDB cluster: pooled connections, deadlines, and a certain answer to whether a request was sent.

import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';

import type { Clock } from '../controller/clock.ts';
import { elsewhere } from './elsewhere.ts';
import { codeOf, NetworkFailure } from './network-failure.ts';
import { tlsOptions, type TLSSettings } from './tls.ts';

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
  readonly #dispatcher: Dispatcher;
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
    this.#dispatcher = this.#agent.compose(noteStart);
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
    const progress: Progress = { sent: false, answered: false };
    const abort = new AbortController();
    let gaveUp: 'TOO_SLOW' | 'ABORTED' | undefined;
    const giveUp = (why: 'TOO_SLOW' | 'ABORTED'): void => {
      gaveUp ??= why;
      abort.abort();
    };
    const cancelDeadline = this.#clock.after(request.deadline, () => giveUp('TOO_SLOW'));
    const onAbort = (): void => giveUp('ABORTED');
    signal?.addEventListener('abort', onAbort, { once: true });
    const failure = (error: unknown): NetworkFailure => new NetworkFailure(gaveUp ?? codeOf(error), progress);
    const sentAt = this.#clock.now();
    try {
      const answer = await this.#send(request, abort.signal, progress).catch((error: unknown) => {
        throw failure(error);
      });
      progress.answered = true;
      const receivedAt = this.#clock.now();
      // Without a listener an abort between two reads of the body would be an uncaught exception.
      answer.body.on('error', () => {});
      try {
        const { statusCode: status, headers } = answer;
        return await read({ status, headers, body: bytes(answer.body, failure), sentAt, receivedAt });
      } finally {
        answer.body.destroy();
      }
    } finally {
      cancelDeadline();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends all connections; requests in flight fail. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #send(request: HttpRequest, signal: AbortSignal, progress: Progress): Promise<Dispatcher.ResponseData<Progress>> {
    const { method, url, headers, body } = request;
    return this.#dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      opaque: progress,
      headers: { accept: 'application/json', 'user-agent': this.#userAgent, ...headers },
      body: body ?? null,
      signal,
    });
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

/** How far an exchange has come; it travels with the request. */
interface Progress {
  sent: boolean;
  answered: boolean;
}

/**
 * undici calls `onRequestStart` when it has a connection and is about to write. Only so is it certain that nothing was sent;
 * an error's code does not tell (`ECONNRESET` comes from a TLS handshake as well as from a server that has taken the request).
 */
function noteStart(dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch {
  return (options: Dispatcher.DispatchOptions & { readonly opaque?: Progress }, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        if (options.opaque) options.opaque.sent = true;
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...parameters) => handler.onRequestUpgrade?.(...parameters),
      onResponseStart: (...parameters) => handler.onResponseStart?.(...parameters),
      onResponseData: (...parameters) => handler.onResponseData?.(...parameters),
      onResponseEnd: (...parameters) => handler.onResponseEnd?.(...parameters),
      onResponseError: (...parameters) => handler.onResponseError?.(...parameters),
    });
}

async function* bytes(
  body: AsyncIterable<Uint8Array>,
  failure: (error: unknown) => NetworkFailure,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw failure(error);
  }
}
