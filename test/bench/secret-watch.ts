// Sees when Secrets appear, by a watch of their metadata.

import { waitFor } from '../wait.ts';
import type { Endpoint } from './endpoint.ts';
import { monotonic } from './monotonic.ts';
import { secretPath } from './objects.ts';

interface WatchEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string } };
}

/** A watch over the Secrets of one namespace. */
export class SecretWatch {
  readonly #seen = new Map<string, number>();
  readonly #end: AbortController;
  readonly #reading: Promise<void>;

  private constructor(body: AsyncIterable<Uint8Array>, end: AbortController) {
    this.#end = end;
    this.#reading = this.#read(body);
  }

  /** Begins; resolves when the API server has accepted the watch. */
  static async begin(kubernetes: Endpoint, namespace: string): Promise<SecretWatch> {
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const end = new AbortController();
    return new SecretWatch(await kubernetes.stream(`${secretPath(namespace)}?watch=true`, accept, end.signal), end);
  }

  /** When the Secret was seen to exist, by `monotonic()`. */
  async appeared(name: string, timeout: number): Promise<number> {
    return waitFor(() => this.#seen.get(name), { what: `the Secret ${name}`, timeout });
  }

  async end(): Promise<void> {
    this.#end.abort();
    await this.#reading;
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of body) {
        const now = monotonic();
        const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) this.#note(JSON.parse(line), now);
      }
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  #note({ type, object }: WatchEvent, now: number): void {
    if (type === 'ADDED') this.#seen.set(object.metadata.name, now);
  }
}
