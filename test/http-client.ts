// Our client of InfluxDB's HTTP and servers of all sorts for it, as its tests need them.

import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';

import { systemClock } from '../src/controller/clock.ts';
import { HttpClient, type HttpClientOptions, type HttpRequest } from '../src/influxdb/http.ts';
import { NetworkFailure } from '../src/influxdb/network-failure.ts';
import { portOf } from './port-of.ts';

const open: (() => void)[] = [];

/** Closes all servers and clients that were opened. */
export function closeAll(): void {
  for (const close of open.splice(0)) close();
}

/** Where a server listens, until `closeAll`; a port of 127.0.0.1. */
export async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return portOf(server);
}

/** A plain server; the handler gets the raw socket once something was received. */
export function onBytes(handler: (socket: net.Socket) => void): net.Server {
  return net.createServer((socket) => socket.once('data', () => handler(socket)));
}

/** A client of ours, until `closeAll`. */
export function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const http = new HttpClient({ version: '1.2.3', clock: systemClock, ...options });
  open.push(() => void http.close());
  return http;
}

/** A request, to be changed as a test needs it. */
export function post(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url: new URL(url), headers: {}, body: '{}', deadline: 5_000, ...more };
}

/** What an exchange failed with; throws when it did not, or with anything else. */
export async function failure(promise: Promise<unknown>): Promise<NetworkFailure> {
  const error: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (error instanceof NetworkFailure) return error;
  throw new Error('not a NetworkFailure', { cause: error });
}
