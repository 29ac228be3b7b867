// A page of a list, read as it comes: we never hold the whole of it as text, nor does the API server from Kubernetes 1.33 (KEP-5116).

import type { Clock } from '../controller/clock.ts';
import { MalformedArray } from '../json-array.ts';
import type { KubernetesClient, KubernetesRequest } from './client.ts';
import { ListSplitter } from './list-splitter.ts';
import { readObject, type RawObject } from './raw-object.ts';
import { Silence } from './silence.ts';

/** A part of a collection as it was at a version. */
export interface Page<T> {
  readonly resourceVersion: string;
  readonly objects: readonly T[];
  /** Leads to the following page; `undefined` on the last one. */
  readonly next: string | undefined;
}

/** What is needed to read one. */
export interface PageOptions<T> {
  readonly client: Pick<KubernetesClient, 'stream'>;
  readonly request: KubernetesRequest;
  readonly convert: (raw: RawObject) => T;
  readonly clock: Clock;
  /** Ends the reading. */
  readonly stop: AbortSignal;
  /** Awaited after each object, so that others get their turn. */
  readonly pause: () => Promise<void>;
}

/** The whole page. Throws a `KubernetesError`, or a TypeError when what came is no list, no whole one, or holds what is no object. */
export async function readPage<T>(options: PageOptions<T>): Promise<Page<T>> {
  const { client, request, convert, clock, stop, pause } = options;
  const silence = new Silence(clock, stop);
  const splitter = new ListSplitter();
  const objects: T[] = [];
  try {
    for await (const chunk of await client.stream({ ...request, signal: silence.signal })) {
      silence.broken();
      for (const item of splitter.push(chunk)) {
        objects.push(convert(readObject(item)));
        await pause();
      }
    }
    const { metadata } = splitter.end();
    return { resourceVersion: metadata.resourceVersion, objects, next: metadata.continue || undefined };
  } catch (error) {
    if (silence.tooLong) throw new TypeError('the server fell silent in the middle of a list', { cause: error });
    if (error instanceof MalformedArray) {
      throw new TypeError(`the server sent a list that cannot be read: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    silence.end();
  }
}
