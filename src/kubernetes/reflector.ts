// Keeps a store equal to a collection of the API server: carries out what the watch machine says.

import { setImmediate as turn } from 'node:timers/promises';
import { sleep, type Clock } from '../controller/clock.ts';
import type { Log } from '../controller/log.ts';
import { KubernetesError, type KubernetesClient, type KubernetesRequest } from './client.ts';
import { errorFromStatus } from './error.ts';
import { readPage } from './list-page.ts';
import { lines } from './lines.ts';
import { glimpseVersion, readEvent, type RawEvent, type RawObject } from './raw-object.ts';
import { Silence } from './silence.ts';
import type { Store, StoredObject } from './store.ts';
import {
  firstStep,
  nextStep,
  progress,
  type WatchAction,
  type WatchEvent,
  type WatchFailure,
  type WatchStep,
} from './watch-machine.ts';

/** Hears what metrics count. */
export interface ReflectorObserver {
  /** A list of the whole collection begins. */
  listed(): void;
  /** A watch begins. */
  watched(): void;
  /** A change was received. */
  changed(): void;
}

export interface ReflectorOptions<T extends StoredObject> {
  readonly client: KubernetesClient;
  /** Of the collection, from `resourcePath`. */
  readonly path: string;
  /** `labelSelector` and `fieldSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Asks the server for metadata only (PartialObjectMetadata), so that contents of Secrets are never even received. */
  readonly metadataOnly?: boolean;
  /** What of an object is kept; `dropManagedFields` is the least it should do. It must not throw for any object that the CRD allows. */
  readonly convert: (raw: RawObject) => T;
  /** Fed by this reflector alone. */
  readonly store: Store<T>;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer?: ReflectorObserver;
  /** A number from 0 up to but not including 1, for jitter. */
  readonly random?: () => number;
}

/** Until a list begins: a loaded API server needs its time for one, and nothing is changed by it. */
const LIST_TIMEOUT = 60_000;
/** Objects handled in one go: some milliseconds. Then everything else gets its turn. */
const BATCH = 100;
/** What every request of a kind asks for. */
const QUERY = {
  // A whole list costs the API server a quarter of what the same objects cost it in pages of 500, and less than half of what they do as the beginning
  // of a watch. The limit is for collections of which not even that is cheap, and lets it go to etcd while it has nothing in memory yet, where
  // there is no selector.
  list: { limit: '10000' },
  watch: { watch: 'true', allowWatchBookmarks: 'true' },
} as const;
const ACCEPT = {
  object: { list: 'application/json', watch: 'application/json' },
  // No other form as a second choice: that would bring the data of Secrets.
  metadata: {
    list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  },
};

/** One collection, listed and then watched until `stop`. No failure ends it: it tries again, with growing pauses, and logs once. */
export class Reflector<T extends StoredObject> {
  /** Resolves when the store holds the whole collection for the first time; stays pending when stopped before. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions<T>;
  readonly #random: () => number;
  readonly #setSynced: () => void;
  /** Ends what is under way. */
  readonly #stop = new AbortController();
  #step: Pick<WatchStep, 'state' | 'log'> = firstStep();
  #running: Promise<void> | undefined;
  #handled = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#setSynced = resolve;
  }

  /** Begins; a second call does nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** When this resolves nothing is under way any more, and the store will not be changed by this reflector again. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let { action } = firstStep();
    for (;;) {
      const event = await this.#carryOut(action);
      if (this.#stop.signal.aborted) return;
      const step = nextStep(this.#step.state, event, this.#random);
      this.#enter(step);
      ({ action } = step);
    }
  }

  #enter(step: Pick<WatchStep, 'state' | 'log'>): void {
    this.#step = step;
    if (step.log) this.#options.log[step.log.level]({ path: this.#options.path }, step.log.message);
  }

  async #carryOut(action: WatchAction): Promise<WatchEvent> {
    const { clock } = this.#options;
    const begun = clock.now();
    try {
      if (action.type === 'list') return await this.#list(action.next);
      if (action.type === 'watch') return { ...(await this.#watch(action)), lasted: clock.now() - begun };
    } catch (error) {
      return { ...failure(error), lasted: clock.now() - begun };
    }
    await sleep(clock, action.milliseconds, this.#stop.signal);
    return { type: 'due' };
  }

  async #list(following: string | undefined): Promise<WatchEvent> {
    const { client, clock, convert, store, observer } = this.#options;
    if (following === undefined) observer?.listed();
    const { resourceVersion, objects, next } = await readPage({
      client,
      request: {
        ...this.#request('list', following === undefined ? {} : { continue: following }),
        timeout: LIST_TIMEOUT,
      },
      convert,
      clock,
      stop: this.#stop.signal,
      pause: () => this.#pause(),
    });
    if (this.#stop.signal.aborted) return { type: 'due' };
    if (following === undefined) store.beginList(resourceVersion);
    for (const object of objects) {
      store.list(object);
      await this.#pause();
      if (this.#stop.signal.aborted) return { type: 'due' };
    }
    if (next === undefined) {
      store.endList(resourceVersion);
      this.#setSynced();
    }
    return { type: 'page', resourceVersion, next };
  }

  async #watch({ resourceVersion, timeoutSeconds }: WatchAction & { type: 'watch' }): Promise<WatchEnd> {
    const { client, clock, observer } = this.#options;
    observer?.watched();
    const silence = new Silence(clock, this.#stop.signal);
    try {
      const query = { resourceVersion, timeoutSeconds: String(timeoutSeconds) };
      const stream = await client.stream({ ...this.#request('watch', query), signal: silence.signal });
      for await (const line of lines(stream)) {
        silence.broken();
        const end = this.#confirm(glimpseVersion(line)) ? undefined : this.#receive(readEvent(line));
        if (end) return end;
        await this.#pause();
        if (silence.signal.aborted) break;
      }
    } catch (error) {
      if (!silence.tooLong) throw error;
    } finally {
      silence.end();
    }
    return { type: silence.tooLong ? 'silent' : 'closed' };
  }

  /** Whether this version is that of a write of our own, of which everything is known already. */
  #confirm(resourceVersion: string | undefined): boolean {
    if (resourceVersion === undefined || !this.#options.store.confirm(resourceVersion)) return false;
    this.#changed(resourceVersion);
    return true;
  }

  /** Takes in one event of a watch; the result says that it ends the watch. */
  #receive(event: RawEvent): WatchEnd | undefined {
    const { store, convert, path, clock } = this.#options;
    if (event.type === 'ERROR') {
      return { ...failure(errorFromStatus({ method: 'GET', path }, event.status, clock.now())), type: 'unusable' };
    }
    if (event.type === 'BOOKMARK') {
      store.advance(event.resourceVersion);
      this.#enter(progress(this.#step.state, event.resourceVersion));
    } else {
      store.change({ type: event.type === 'DELETED' ? 'delete' : 'put', object: convert(event.object) });
      this.#changed(event.object.metadata.resourceVersion);
    }
    return undefined;
  }

  /** A change has been taken in, and the watch has come to its version. */
  #changed(resourceVersion: string): void {
    this.#options.observer?.changed();
    this.#enter(progress(this.#step.state, resourceVersion));
  }

  #request(verb: 'list' | 'watch', query: Readonly<Record<string, string>>): KubernetesRequest {
    const { path, metadataOnly } = this.#options;
    return {
      method: 'GET',
      path,
      query: { ...this.#options.query, ...QUERY[verb], ...query },
      accept: ACCEPT[metadataOnly ? 'metadata' : 'object'][verb],
    };
  }

  async #pause(): Promise<void> {
    if (++this.#handled % BATCH === 0) await turn();
  }
}

/** How a watch ended. */
type WatchEnd = { readonly type: 'closed' | 'silent' } | Omit<WatchFailure, 'lasted'>;

function failure(error: unknown): Omit<WatchFailure, 'lasted'> {
  if (error instanceof KubernetesError) {
    const { status, reason, message, retryAfter } = error;
    return { type: 'failed', status, reason, message, retryAfter };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'unusable', status: undefined, reason: 'Unreadable', message, retryAfter: undefined };
}
