// The Kubernetes client: one request, one answer or one KubernetesError; and streams for lists and watches.

import type { IncomingHttpHeaders } from 'node:http';
import { systemClock, type Clock } from '../controller/clock.ts';
import { Attempt } from './attempt.ts';
import type { Connection, Credentials } from './connection.ts';
import { errorFromAnswer, errorFromFailure, KubernetesError } from './error.ts';
import { exchange, type Outgoing } from './exchange.ts';

export { KubernetesError, type Outcome, type StatusCause } from './error.ts';

/** A change must have ended, one way or the other, before the Lease of its maker can expire (15 s, renewed within 10 s). */
const DEFAULT_TIMEOUT = 8_000;

/** One call of the Kubernetes API. */
export interface KubernetesRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From `resourcePath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** An object, or JSON that is serialised already. */
  readonly body?: unknown;
  /** Of the body, `application/json` when left out; a PATCH must say which kind it is. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Milliseconds until the whole answer must be here; 8,000 when left out. For a stream: until the answer begins. */
  readonly timeout?: number;
  /** Ends the request with the reason `Aborted`. */
  readonly signal?: AbortSignal;
}

/** What the rest of the operator needs of a Kubernetes client. Nothing is retried, but for one 401, which has no effect. */
export interface KubernetesClient {
  /** The parsed answer; the caller knows its type. Throws `KubernetesError` and nothing else. */
  request<T>(request: KubernetesRequest): Promise<T>;
  /**
   * The body of the answer as it comes, over connections of its own and without any limit of time: leave the loop, or fire
   * the signal, to end it. Throws `KubernetesError` and nothing else, also while it is read.
   */
  stream(request: KubernetesRequest): Promise<AsyncIterable<Uint8Array>>;
}

/** What a client is made of. */
export interface ClientOptions {
  readonly connection: Connection;
  /** `name/version`, as it is to stand in the API server's audit log. */
  readonly userAgent: string;
  /** Ends every request in flight and all later ones: the leadership is lost. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** A client over a connection. */
export function createClient(options: ClientOptions): KubernetesClient {
  return new PooledClient(options);
}

class PooledClient implements KubernetesClient {
  readonly #connection: Connection;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #stop: AbortSignal | undefined;
  readonly #origin: string;
  /** Of every path; without a slash at its end. */
  readonly #prefix: string;

  constructor(options: ClientOptions) {
    this.#connection = options.connection;
    this.#userAgent = options.userAgent;
    this.#clock = options.clock ?? systemClock;
    this.#stop = options.signal;
    const { origin, pathname } = options.connection.server;
    this.#origin = origin;
    this.#prefix = pathname.replace(/\/$/, '');
  }

  async request<T>(request: KubernetesRequest): Promise<T> {
    const attempt = this.#attempt(request);
    try {
      const outgoing = this.#outgoing(request);
      const { status, headers, text } = await this.#authorized(attempt, (credentials) =>
        exchange(credentials.requests, withCredentials(outgoing, credentials), attempt),
      );
      if (status < 200 || status > 299) throw this.#answered(request, status, headers, text);
      try {
        return JSON.parse(text);
      } catch {
        throw this.#answered(request, status, headers, text);
      }
    } catch (error) {
      throw asKubernetesError(request, error, attempt);
    } finally {
      attempt.end();
    }
  }

  async stream(request: KubernetesRequest): Promise<AsyncIterable<Uint8Array>> {
    const attempt = this.#attempt(request);
    try {
      const outgoing = this.#outgoing(request);
      const abort = new AbortController();
      const { status, headers, body } = await this.#authorized(
        attempt,
        async (credentials) => {
          attempt.onGivenUp = () => abort.abort();
          const { signal } = abort;
          const answer = await credentials.watches.request({ ...withCredentials(outgoing, credentials), signal });
          return { status: answer.statusCode, headers: answer.headers, body: answer.body };
        },
        (answer) => answer.body.dump(),
      );
      if (status !== 200) throw this.#answered(request, status, headers, await body.text());
      attempt.endTimeout();
      return read(request, body, attempt);
    } catch (error) {
      attempt.end();
      throw asKubernetesError(request, error, attempt);
    }
  }

  #attempt(request: KubernetesRequest): Attempt {
    return new Attempt(this.#clock, request.timeout ?? DEFAULT_TIMEOUT, [this.#stop, request.signal]);
  }

  /** Sends with the credentials at hand; after a 401 once more, if there are newer ones. */
  async #authorized<A extends { readonly status: number }>(
    attempt: Attempt,
    send: (credentials: Credentials) => Promise<A>,
    discard?: (answer: A) => Promise<void>,
  ): Promise<A> {
    const once = (credentials: Credentials): Promise<A> => {
      // It may have been given up between two waits, and nobody would tell whoever sends it.
      attempt.throwIfGivenUp();
      return send(credentials);
    };
    // A credential plugin may hang: that must not outlive the request either.
    const credentials = this.#connection.current ?? (await attempt.orEnd(this.#connection.credentials()));
    const answer = await once(credentials);
    if (answer.status !== 401) return answer;
    const renewed = await attempt.orEnd(this.#connection.renew(credentials));
    if (!renewed) return answer;
    await discard?.(answer);
    return once(renewed);
  }

  #outgoing({ method, path, query, body, contentType, accept }: KubernetesRequest): Outgoing {
    return {
      // Asked of the pool itself: undici's `request` would parse a URL for each.
      origin: this.#origin,
      path: `${this.#prefix}${path}${search(query)}`,
      method,
      headers: {
        accept: accept ?? 'application/json',
        'user-agent': this.#userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    };
  }

  #answered(request: KubernetesRequest, status: number, headers: IncomingHttpHeaders, text: string): KubernetesError {
    const retryAfter = headers['retry-after'];
    return errorFromAnswer(request, { status, text, retryAfter }, this.#clock.now());
  }
}

function withCredentials(outgoing: Outgoing, { headers }: Credentials): Outgoing {
  return { ...outgoing, headers: { ...headers, ...outgoing.headers } };
}

function search(query: Readonly<Record<string, string>> = {}): string {
  const parameters = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}

async function* read(
  request: KubernetesRequest,
  body: AsyncIterable<Uint8Array>,
  attempt: Attempt,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw asKubernetesError(request, error, attempt);
  } finally {
    attempt.end();
  }
}

function asKubernetesError(request: KubernetesRequest, error: unknown, attempt: Attempt): KubernetesError {
  return error instanceof KubernetesError ? error : errorFromFailure(request, error, attempt.givenUp);
}
