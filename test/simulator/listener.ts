// An HTTPS listener that can be taken down and up again on its port, and that can reset a connection.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

const HOST = '127.0.0.1';
/** As nginx has it: long enough that a client's pool is not raced by our own idle timeout. */
const KEEP_ALIVE = 75_000;

/** What the listener shows to a client. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export class Listener {
  readonly origin: string;
  readonly #server: Server;
  readonly #port: number;
  /** The connections under TLS by the client's port: TLS sockets themselves cannot be reset, only closed. */
  readonly #connections: ReadonlyMap<number, Socket>;

  /** Port 0 means a free one. */
  static async open({ certificate, key }: Identity, port: number): Promise<Listener> {
    const server = createServer({ cert: certificate, key, keepAliveTimeout: KEEP_ALIVE });
    const connections = new Map<number, Socket>();
    server.on('connection', (socket: Socket) => {
      const { remotePort = 0 } = socket;
      connections.set(remotePort, socket);
      socket.once('close', () => connections.delete(remotePort));
    });
    server.listen(port, HOST);
    await once(server, 'listening');
    return new Listener(server, connections);
  }

  private constructor(server: Server, connections: ReadonlyMap<number, Socket>) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen on a TCP port');
    this.#server = server;
    this.#port = address.port;
    this.#connections = connections;
    this.origin = `https://${HOST}:${address.port}`;
  }

  onRequest(handler: (request: IncomingMessage, response: ServerResponse) => void): void {
    this.#server.on('request', handler);
  }

  /** Ends the connection of a request with a TCP reset. */
  reset(request: IncomingMessage): void {
    this.#connections.get(request.socket.remotePort ?? 0)?.resetAndDestroy();
  }

  /** Ends every connection and refuses new ones. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens again after `close`, on the same port. */
  async reopen(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#port, HOST);
    await once(this.#server, 'listening');
  }
}
