// A plain HTTP server that answers as the test says just before it asks.

import { once } from 'node:events';
import http from 'node:http';

import { portOf } from './port-of.ts';

/** A request, read whole. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What to do with one request. */
export type Script = (request: SeenRequest, response: http.ServerResponse) => void;

/** Listens on a free port of 127.0.0.1. */
export class ScriptedServer {
  readonly #server: http.Server;
  #script: Script = (_, response) => void response.writeHead(501).end();
  #seen: SeenRequest[] = [];

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor() {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
        this.#seen.push(seen);
        this.#script(seen, response);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  /** The requests since the last script was given. */
  get seen(): readonly SeenRequest[] {
    return this.#seen;
  }

  /** How to answer from now on. */
  script(script: Script): void {
    this.#script = script;
    this.#seen = [];
  }

  /** Answers from now on with a status and JSON, or with a text as it is. */
  answer(status: number, body?: unknown, headers: http.OutgoingHttpHeaders = {}): void {
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    this.script(
      (_, response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text),
    );
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
