// A reflector whose API server is a test: what a real one cannot be made to do at will.

import { KubernetesError, type KubernetesClient, type KubernetesRequest } from '../../src/kubernetes/client.ts';
import { dropManagedFields, type RawObject } from '../../src/kubernetes/raw-object.ts';
import { Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { ManualClock } from '../manual-clock.ts';

/** A watch in the hands of a test. */
export interface Watch {
  readonly request: KubernetesRequest;
  /** Sends events as lines. */
  send(...events: unknown[]): void;
  end(): void;
  fail(error: Error): void;
}

/** Answers each request by hand: lists through `answers`, watches through `watches`, newest last. */
export class HandDrivenClient implements KubernetesClient {
  readonly lists: KubernetesRequest[] = [];
  readonly watches: Watch[] = [];
  readonly answers: unknown[] = [];
  readonly streamed: Watch[] = [];
  /** Whether it streams lists, or how it refuses to. */
  streams: true | KubernetesError = new KubernetesError('Invalid', 'refused', 'sendInitialEvents is forbidden', {
    status: 422,
  });

  async request<T>(request: KubernetesRequest): Promise<T> {
    this.lists.push(request);
    const answer = this.answers.length > 0 ? this.answers.shift() : list('10');
    if (answer instanceof Error) throw answer;
    return JSON.parse(JSON.stringify(answer));
  }

  async stream(request: KubernetesRequest): Promise<AsyncIterable<Uint8Array>> {
    if (request.query?.['sendInitialEvents'] !== undefined && this.streams !== true) throw this.streams;
    const chunks = new TransformStream<Uint8Array, Uint8Array>();
    const writer = chunks.writable.getWriter();
    writer.closed.catch(() => undefined);
    const fail = (error: Error): void => void writer.abort(error);
    request.signal?.addEventListener('abort', () => fail(new KubernetesError('Aborted', 'unknown', 'aborted')));
    (request.query?.['sendInitialEvents'] === undefined ? this.watches : this.streamed).push({
      request,
      send: (...events) => {
        const text = events.map((event) => `${typeof event === 'string' ? event : JSON.stringify(event)}\n`).join('');
        writer.write(Buffer.from(text)).catch(() => undefined);
      },
      end: () => void writer.close(),
      fail,
    });
    return chunks.readable;
  }
}

export function object(name: string, version: number, more: object = {}): RawObject {
  return { metadata: { name, uid: `uid-${name}`, resourceVersion: String(version), ...more } };
}

export function list(resourceVersion: string, items: RawObject[] = [], next?: string): unknown {
  return { metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) }, items };
}

export const running: Reflector<RawObject>[] = [];

/** A reflector that was started, and all it touches. */
export function start(
  options: Partial<ReflectorOptions<RawObject>> = {},
  answers: unknown[] = [],
  streams?: HandDrivenClient['streams'],
) {
  const client = new HandDrivenClient();
  if (streams !== undefined) client.streams = streams;
  client.answers.push(...answers);
  const clock = new ManualClock();
  const store = new Store<RawObject>();
  const logged: string[] = [];
  const note = (level: string) => (_: object, message: string) => void logged.push(`${level}: ${message}`);
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const reflector = new Reflector({
    client,
    clock,
    store,
    log,
    path: '/api/v1/things',
    convert: dropManagedFields,
    random: () => 0,
    ...options,
  });
  running.push(reflector);
  reflector.start();
  return { client, clock, store, logged, reflector };
}
