// One request and its whole answer, over a pool.

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Attempt } from './attempt.ts';

/** What goes over the wire. */
export interface Outgoing {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What came back, all of it. */
export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Resolves when the whole answer is here, whatever its status; rejects when the connection fails or the attempt is given up.
 *
 * Why not undici's own `request`: it puts a stream, its events and an abort signal around each answer, which costs a third of all that a
 * request takes, and answers here are small and read as a whole.
 */
export function exchange(pool: Dispatcher, outgoing: Outgoing, attempt: Attempt): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const handler = new Handler(resolve, reject);
    attempt.onGivenUp = () => handler.giveUp();
    pool.dispatch(outgoing, handler);
  });
}

class Handler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Incoming) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #givenUp: Error | undefined;

  constructor(resolve: (answer: Incoming) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Nobody waits for the answer any more. A request that still waits for a connection is never sent. */
  giveUp(): void {
    this.#givenUp = new Error('given up');
    this.#reject(this.#givenUp);
    this.#controller?.abort(this.#givenUp);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#givenUp) controller.abort(this.#givenUp);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first, ...others] = this.#chunks;
    const body = others.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, text: body?.toString('utf8') ?? '' });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}
