// A TCP forwarder in front of the API server, whose connections a test can count and cut.

import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

import { portOf } from '../port-of.ts';

/** Forwards to one address from a free port of 127.0.0.1, which stands in the API server's certificate too. */
export class Forwarder {
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #open = true;
  /** How many connections were ever made. */
  accepted = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((socket) => this.#forward(socket));
  }

  static async start(target: string): Promise<Forwarder> {
    const forwarder = new Forwarder(target);
    forwarder.#server.listen(0, '127.0.0.1');
    await once(forwarder.#server, 'listening');
    return forwarder;
  }

  get url(): string {
    return `https://127.0.0.1:${portOf(this.#server)}`;
  }

  /** Cuts every connection, without a farewell. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Cuts every connection, and lets no other through until `restore`. */
  block(): void {
    this.#open = false;
    this.cut();
  }

  restore(): void {
    this.#open = true;
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #forward(client: Socket): void {
    if (!this.#open) {
      client.resetAndDestroy();
      return;
    }
    this.accepted++;
    const server = createConnection(Number(this.#target.port), this.#target.hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
