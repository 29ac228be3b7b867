// One HTTPS server over a pool of kept connections: the least that a program needs to talk to it.

import { readFile } from 'node:fs/promises';
import { Pool } from 'undici';

/** Where a server is and how to be let in; survives JSON. */
export interface Address {
  readonly origin: string;
  /** Whom to trust, PEM. */
  readonly ca: string;
  /** A client certificate, PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** A bearer token. */
  readonly bearer?: string;
  /** Who asks, for the servers' records. */
  readonly userAgent: string;
}

/** What may be asked of a server. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
}

/** The longest silence; nothing here may hang. */
const TIMEOUT = 30_000;

/** A server to ask. */
export class Endpoint {
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;

  /** At most so many connections are open at once; none is opened before it is needed. */
  constructor({ origin, ca, cert, key, bearer, userAgent }: Address, connections: number) {
    const identity = cert !== undefined && key !== undefined ? { cert, key } : {};
    // As in the operator: Go's HTTP/1.1 server takes less of the machine than its HTTP/2 server.
    this.#pool = new Pool(origin, {
      connections,
      allowH2: false,
      connect: { ca, ...identity, allowH2: false },
      headersTimeout: TIMEOUT,
      bodyTimeout: TIMEOUT,
    });
    const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    this.#headers = { 'user-agent': userAgent, ...authorization };
  }

  /** The body of the answer; throws, with the server's words, when it is not a 2xx. */
  async ask({ method, path, body, contentType = 'application/json' }: Question): Promise<string> {
    const response = await this.#pool.request({
      method,
      path,
      headers: { ...this.#headers, 'content-type': contentType },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw new Error(`${method} ${path} was answered with ${response.statusCode}: ${text.slice(0, 500)}`);
    }
    return text;
  }

  /** The body of the answer to a GET as it comes, without any limit of time until the signal fires. */
  async stream(path: string, accept: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const headers = { ...this.#headers, accept };
    const response = await this.#pool.request({ method: 'GET', path, headers, signal, bodyTimeout: 0 });
    if (response.statusCode !== 200) throw new Error(`GET ${path} was answered with ${response.statusCode}`);
    return response.body;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The address in a kubeconfig that has everything in it, in JSON. */
export async function addressIn(kubeconfig: string, userAgent: string): Promise<Address> {
  const { clusters, users }: KubeconfigFile = JSON.parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  return { origin: server, ca: decode(ca), cert: decode(cert), key: decode(key), userAgent };
}

interface KubeconfigFile {
  readonly clusters: readonly [{ readonly cluster: { server: string; 'certificate-authority-data': string } }];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
