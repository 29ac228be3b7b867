// A reflector whose API server is a test: what a real one cannot be made to do at will.

import { KubernetesError, type KubernetesClient, type KubernetesRequest } from '../../src/kubernetes/client.ts';
import { dropManagedFields, type RawObject } from '../../src/kubernetes/raw-object.ts';
import { Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { ManualClock } from '../manual-clock.ts';

/** An answer in the hands of a test: a watch, or a list that comes bit by bit. */
export interface Stream {
  readonly request: KubernetesRequest;
  /** Sends events as lines; a text is sent as it is. */
  send(...events: unknown[]): void;
  end(): void;
  fail(error: Error): void;
}

/** What a list is answered with at once: an error, a text, or anything else as JSON. `BY_HAND`: the test sends it. */
export const BY_HAND = Symbol('by hand');

/** Answers each request by hand: lists through `answers`, watches through `watches`, newest last. */
export class HandDrivenClient implements KubernetesClient {
  readonly lists: Stream[] = [];
  readonly watches: Stream[] = [];
  readonly answers: unknown[] = [];

  async request<T>(): Promise<T> {
    throw new Error('a reflector reads streams alone');
  }

  async stream(request: KubernetesRequest): Promise<AsyncIterable<Uint8Array>> {
    const { stream, chunks } = open(request);
    if (request.query?.['watch'] !== undefined) {
      this.watches.push(stream);
      return chunks;
    }
    this.lists.push(stream);
    const answer = this.answers.length > 0 ? this.answers.shift() : list('10');
    if (answer instanceof Error) throw answer;
    if (answer !== BY_HAND) {
      stream.send(typeof answer === 'string' ? answer : JSON.stringify(answer));
      stream.end();
    }
    return chunks;
  }
}

function open(request: KubernetesRequest): { stream: Stream; chunks: AsyncIterable<Uint8Array> } {
  const chunks = new TransformStream<Uint8Array, Uint8Array>();
  const writer = chunks.writable.getWriter();
  writer.closed.catch(() => undefined);
  const fail = (error: Error): void => void writer.abort(error);
  request.signal?.addEventListener('abort', () => fail(new KubernetesError('Aborted', 'unknown', 'aborted')));
  const stream: Stream = {
    request,
    send: (...events) => {
      const text = events.map((event) => (typeof event === 'string' ? event : `${JSON.stringify(event)}\n`)).join('');
      writer.write(Buffer.from(text)).catch(() => undefined);
    },
    end: () => void writer.close().catch(() => undefined),
    fail,
  };
  return { stream, chunks: chunks.readable };
}

export function object(name: string, version: number, more: object = {}): RawObject {
  return { metadata: { name, uid: `uid-${name}`, resourceVersion: String(version), ...more } };
}

export function list(resourceVersion: string, items: RawObject[] = [], next?: string): unknown {
  return { metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) }, items };
}

export const running: Reflector<RawObject>[] = [];

/** A reflector that was started, and all it touches. */
export function start(options: Partial<ReflectorOptions<RawObject>> = {}, answers: unknown[] = []) {
  const client = new HandDrivenClient();
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
