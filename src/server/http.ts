// A small HTTP server for probes and scrapes: GET on fixed paths, nothing else.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { formatBindAddress, type BindAddress } from './address.ts';

/** What a path answers. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The headers of a request that a page may depend on. */
export interface Asked {
  readonly accept?: string | undefined;
  readonly authorization?: string | undefined;
}

/** Makes the page of a path. */
export type Route = (asked: Asked) => Page | Promise<Page>;

export interface RunningServer {
  /** The port it listens on, also where the system chose it. */
  readonly port: number;
  /** Ends it and every connection. */
  close(): Promise<void>;
}

const TEXT = 'text/plain; charset=utf-8';

/** A page of plain text. */
export function textPage(status: number, body: string): Page {
  return { status, contentType: TEXT, body };
}

/** Serves the routes, by path. Rejects with one line that tells the address when it cannot listen there. */
export function serve(address: BindAddress, routes: Readonly<Record<string, Route>>): Promise<RunningServer> {
  const server = createServer(
    // Anyone in the cluster can reach it: slow, large and many requests must cost little.
    {
      requestTimeout: 5_000,
      headersTimeout: 5_000,
      // Node looks for those that are over time every half a minute, unless told.
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 30_000,
      maxHeaderSize: 8_192,
    },
    (request, response) => void answer(request, response, routes),
  );
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`cannot listen on ${formatBindAddress(address)}: ${cause.message}`, { cause }));
    });
    server.listen({ host: address.host, port: address.port }, () => {
      const bound = server.address();
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              closed();
            });
            server.closeAllConnections();
          }),
      });
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Readonly<Record<string, Route>>,
): Promise<void> {
  const page = await pageFor(request, routes);
  response.writeHead(page.status, {
    'content-type': page.contentType,
    'content-length': Buffer.byteLength(page.body),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...page.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : page.body);
}

async function pageFor(request: IncomingMessage, routes: Readonly<Record<string, Route>>): Promise<Page> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) return textPage(404, `not found; there is ${Object.keys(routes).join(', ')}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { ...textPage(405, 'only GET\n'), headers: { allow: 'GET, HEAD' } };
  try {
    return await route(request.headers);
  } catch {
    return textPage(500, 'internal error\n');
  }
}
