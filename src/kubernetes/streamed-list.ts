// A list that comes object by object, as the beginning of a watch (KEP-3157): nobody has to hold a page of it.

import type { Clock } from '../controller/clock.ts';
import { KubernetesError, type KubernetesClient, type KubernetesRequest } from './client.ts';
import { errorFromStatus } from './error.ts';
import { lines } from './lines.ts';
import { readEvent, type RawObject } from './raw-object.ts';
import { Silence } from './silence.ts';
import { objectKey } from './stored-object.ts';

/** What makes a watch begin with all that is there, as new as any list would be. */
export const STREAMED = {
  sendInitialEvents: 'true',
  resourceVersionMatch: 'NotOlderThan',
} as const;

/** A collection as it was at a version. */
export interface StreamedList<T> {
  readonly resourceVersion: string;
  readonly objects: Iterable<T>;
}

/** What is needed to read one. */
export interface StreamedListOptions<T> {
  readonly client: Pick<KubernetesClient, 'stream'>;
  /** A watch with bookmarks, with the query `STREAMED` besides. */
  readonly request: KubernetesRequest;
  readonly convert: (raw: RawObject) => T;
  readonly clock: Clock;
  /** Ends the reading. */
  readonly stop: AbortSignal;
  /** Awaited after each object, so that others get their turn. */
  readonly pause: () => Promise<void>;
}

/**
 * The whole list. `unknown`: the server does not know how, before Kubernetes 1.34 unless it was told. `notNow`: it has not got together yet what
 * it would stream, and may still answer with pages. Throws when the list is cut off.
 */
export async function readStreamedList<T>(
  options: StreamedListOptions<T>,
): Promise<StreamedList<T> | 'unknown' | 'notNow'> {
  const { client, request, convert, clock, stop, pause } = options;
  const silence = new Silence(clock, stop);
  const objects = new Map<string, T>();
  try {
    const stream = await client.stream({ ...request, signal: silence.signal });
    for await (const line of lines(stream)) {
      silence.broken();
      const event = readEvent(line);
      if (event.type === 'ERROR') {
        throw errorFromStatus({ method: 'GET', path: request.path }, event.status, clock.now());
      }
      if (event.type === 'BOOKMARK') {
        if (event.endsList === true) return { resourceVersion: event.resourceVersion, objects: objects.values() };
      } else if (event.type === 'DELETED') {
        // Changes that happen meanwhile may come before the end.
        objects.delete(objectKey(event.object));
      } else {
        objects.set(objectKey(event.object), convert(event.object));
      }
      await pause();
    }
  } catch (error) {
    // One that says nothing for so long may be one that takes it for an ordinary watch.
    if (silence.tooLong || hasStatus(error, 400, 422)) return 'unknown';
    if (hasStatus(error, 429)) return 'notNow';
    throw error;
  } finally {
    silence.end();
  }
  if (silence.tooLong) return 'unknown';
  throw new TypeError('the server ended a list before it was complete');
}

function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof KubernetesError && error.status !== undefined && statuses.includes(error.status);
}
