// A port for a process that cannot tell which one the system chose for it.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Where no system takes the ports of outgoing connections from: Linux uses 32768 and above, macOS 49152. A port that the system chose was
 * taken by one of the thousands of connections of a test run before the operator listened on it (`EADDRINUSE`).
 */
const FIRST = 20_000;
const COUNT = 10_000;

/**
 * Each of so many workers of a test run has a share of the ports: one that tried a port whether it is free was in the way of another's
 * operator, which was about to listen on it.
 */
const WORKERS = 8;
const SHARE = COUNT / WORKERS;
const share = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS) * SHARE;

/** One after the other, so that no two callers get the same before either listens; from anywhere, so that no two runs do. */
let next = randomInt(SHARE);

/** A port of 127.0.0.1 that was free a moment ago; another process that listens may be quicker, a connection cannot. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = share + (next++ % SHARE);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    // Not `instanceof Error`: a test has an Error of its own, and Node's are none of those.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
