// One request to InfluxDB and its answer, as undici reports them.

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { codeOf, NetworkFailure } from './network-failure.ts';

/** So many pieces of a body, of 64 KiB at most each, may wait for their reader before the server has to. */
const MOST_WAITING = 16;

/** The beginning of an answer. */
export interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Hears what becomes of a request. All that goes wrong is a `NetworkFailure`.
 *
 * Why not undici's own `request`: it does not tell whether anything was sent, and its stream around each answer costs more than the answer.
 */
export class Transfer implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<Head>();
  /** Resolves with the beginning of the answer. */
  readonly head = this.#head.promise;
  readonly #waiting: Uint8Array[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #answered = false;
  #complete = false;
  #failure: NetworkFailure | undefined;
  #wake: (() => void) | undefined;

  /** The body, to be read once; throws where it breaks off. */
  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece !== undefined) yield piece;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#complete) return;
      else {
        // Before it is let go: undici may have the rest in memory, and gives that out at once.
        const woken = new Promise<void>((resolve) => (this.#wake = resolve));
        this.#controller?.resume();
        await woken;
      }
    }
  }

  /** Nobody waits any more, for a reason as `NetworkFailure` names them. A request that still waits for a connection is never sent. */
  giveUp(code: string): void {
    if (this.#complete) return;
    const failure = this.#fail(code);
    this.#controller?.abort(failure);
  }

  /**
   * undici calls this when it has a connection and is about to write. Only so is it certain that nothing was sent; an error's code does not
   * tell (`ECONNRESET` comes from a TLS handshake as well as from a server that has taken the request).
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure === undefined) this.#sent = true;
    else controller.abort(this.#failure);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // An interim answer (RFC 9110, 15.2): the one that counts is still to come.
    if (status < 200) return;
    this.#answered = true;
    this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Uint8Array): void {
    if (this.#waiting.push(piece) >= MOST_WAITING) controller.pause();
    this.#wake?.();
  }

  onResponseEnd(): void {
    this.#complete = true;
    this.#wake?.();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(codeOf(error));
  }

  /** The first reason stays. */
  #fail(code: string): NetworkFailure {
    this.#failure ??= new NetworkFailure(code, { sent: this.#sent, answered: this.#answered });
    this.#head.reject(this.#failure);
    this.#wake?.();
    return this.#failure;
  }
}
