// How an answer travels: whole, cut, slowly, or not at all.

import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { whole } from './faults.ts';
import type { Delivery } from './faults.ts';

const PIECES = 10;

/** Sends; that the client goes away meanwhile is its own affair. `reset` resets the connection. */
export async function deliver(
  response: ServerResponse,
  delivery: Delivery,
  reset: () => void,
  wait: (milliseconds: number) => Promise<void>,
): Promise<void> {
  const { status, headers, body } = delivery.answer;
  // Writing to a client that has gone would be an unhandled error.
  if (response.destroyed) return;
  switch (delivery.manner) {
    case 'hang':
      return;
    case 'reset':
      reset();
      return;
    case 'cut': {
      const bytes = Buffer.from(whole(body));
      // One byte too many is announced, so that an answer without a body is cut as well.
      response.writeHead(status === 204 ? 200 : status, { ...headers, 'content-length': bytes.length + 1 });
      response.write(bytes.subarray(0, bytes.length / 2), () => response.socket?.destroy());
      response.flushHeaders();
      return;
    }
    case 'slow': {
      const bytes = Buffer.from(whole(body));
      response.writeHead(status, headers);
      for (let piece = 0; piece < PIECES && !response.destroyed; piece++) {
        const from = Math.floor((bytes.length * piece) / PIECES);
        response.write(bytes.subarray(from, Math.floor((bytes.length * (piece + 1)) / PIECES)));
        await wait(delivery.milliseconds / PIECES);
      }
      if (!response.destroyed) response.end();
      return;
    }
    case 'whole':
      if (typeof body === 'string') {
        const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) };
        response.writeHead(status, { ...headers, ...length }).end(body);
        return;
      }
      response.writeHead(status, headers);
      await pipeline(Readable.from(body), response).catch(() => undefined);
  }
}
