// An HTTP proxy with CONNECT, as a kubeconfig can name it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createConnection, type Socket } from 'node:net';

import { portOf } from '../port-of.ts';

/** A proxy that runs. */
export interface Proxy {
  readonly url: string;
  /** `host:port`, once for each tunnel that was asked for. */
  readonly asked: readonly string[];
  close(): void;
}

/** Starts one on a free port (RFC 9110, 9.3.6). It connects to what it is asked for, unless `lead` leads to another `host:port`. */
export async function startProxy(lead = (target: string): string => target): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer().on('connect', ({ url = '' }, socket: Socket) => {
    asked.push(url);
    const { hostname, port } = new URL(`tcp://${lead(url)}`);
    const upstream = createConnection(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    asked,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
