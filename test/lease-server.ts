// An API server in memory, as far as one Lease goes, with its bad days: for election by a hand-driven clock.

import { KubernetesError, type KubernetesRequest } from '../src/kubernetes/client.ts';
import type { Lease } from '../src/kubernetes/lease.ts';
import type { ManualClock } from './manual-clock.ts';

/** Optimistic concurrency, and what can go wrong. */
export class LeaseServer {
  lease: Lease | undefined;
  /** What every request meets; `late` does what is asked and never answers. */
  mood: 'well' | 'down' | 'silent' | 'late' | 'forbidden' = 'well';
  requests: string[] = [];
  readonly #clock: ManualClock;
  #version = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async request<T>(request: KubernetesRequest): Promise<T> {
    this.requests.push(request.method);
    await Promise.resolve();
    if (this.mood === 'down') throw new KubernetesError('ConnectionFailed', 'unknown', 'connection refused');
    if (this.mood === 'forbidden') throw new KubernetesError('Forbidden', 'refused', 'forbidden', { status: 403 });
    const answer = this.mood === 'silent' ? undefined : this.#answer(request);
    if (this.mood === 'well') return JSON.parse(JSON.stringify(answer));
    return new Promise((_, reject) => {
      const giveUp = (reason: string) => () => {
        reject(new KubernetesError(reason, 'unknown', reason));
      };
      this.#clock.after(request.timeout ?? 8_000, giveUp('Timeout'));
      request.signal?.addEventListener('abort', giveUp('Aborted'));
    });
  }

  #answer({ method, body }: KubernetesRequest): Lease {
    if (method !== 'POST' && !this.lease)
      throw new KubernetesError('NotFound', 'refused', 'not found', { status: 404 });
    if (method === 'GET') return this.lease!;
    if (method === 'POST' && this.lease) {
      throw new KubernetesError('AlreadyExists', 'refused', 'already exists', { status: 409 });
    }
    const written: Lease = JSON.parse(JSON.stringify(body));
    if (method === 'PUT' && written.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      throw new KubernetesError('Conflict', 'refused', 'conflict', { status: 409 });
    }
    this.lease = { ...written, metadata: { ...written.metadata, resourceVersion: String(++this.#version) } };
    return this.lease;
  }

  /** Somebody else writes. */
  edit(spec: object): void {
    this.lease = {
      ...this.lease!,
      metadata: { ...this.lease!.metadata, resourceVersion: String(++this.#version) },
      spec,
    };
  }
}
