// Tells people, by Kubernetes Events, what happened to their objects; at their own pace, and never in the way of the work itself.

import { randomUUID } from 'node:crypto';
import { sleep, type Clock } from '../controller/clock.ts';
import type { Log } from '../controller/log.ts';
import { KubernetesError, type KubernetesClient, type KubernetesRequest } from './client.ts';
import { EventCorrelator, type Occurrence, type Series } from './event-correlator.ts';
import { seriesOf, toEvent, type KubernetesEvent, type Reporter } from './event-object.ts';
import { resourcePath } from './paths.ts';

export type { ObjectReference, Occurrence } from './event-correlator.ts';

export interface EventRecorderOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly reporter: Reporter;
  /** Whether work waits that somebody waits for; Events then wait too, as long as `MOST_PATIENCE`. */
  readonly busy?: () => boolean;
  /** Whether a namespace takes no Event any more, so that none is sent there in vain. */
  readonly closed?: (namespace: string) => boolean;
  /** Hears of each Event that was written or given up: after a burst that goes on longer than the burst itself. */
  readonly handled?: () => void;
}

/** What waits to be sent at most: some seconds' worth. */
const LONGEST_QUEUE = 5_000;
/** How long an Event waits for a burst to end, and how often it looks; in a burst it would take a tenth of what the API server can do. */
const MOST_PATIENCE = 60_000;
const LOOK_AGAIN = 250;
/** Pauses before further tries of a request whose outcome is unknown. */
const PAUSES = [1_000, 5_000] as const;

interface Job {
  readonly kind: 'create' | 'update';
  readonly event: KubernetesEvent;
  readonly series: Series;
}

/** Writes Events: one after the other, merged when they repeat, limited per object, and dropped rather than waited for. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  /** The random part of a UUID comes from a pool; bytes drawn one by one would cost more than the rest of an Event. */
  readonly #correlator = new EventCorrelator(() => randomUUID().slice(-12));
  #queue: Job[] = [];
  #sending: Promise<void> | undefined;
  #dropped = 0;
  /** Time is up: nothing gives way any more. */
  #flushing = false;
  #lastTrouble = '';

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** How many occurrences were lost: more than the limit of their object, more than fit the queue, or not taken by the API server. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Notes an occurrence; returns at once, whatever the API server does. */
  record(occurrence: Occurrence): void {
    const { namespace } = occurrence.regarding;
    if (namespace !== undefined && this.#options.closed?.(namespace) === true) return;
    if (this.#queue.length >= LONGEST_QUEUE) {
      this.#dropped++;
      return;
    }
    const step = this.#correlator.decide(occurrence, this.#options.clock.now());
    if (step.kind === 'drop') this.#dropped++;
    if (step.kind === 'drop' || step.kind === 'skip') return;
    const event = toEvent(occurrence, step.series, this.#options.reporter);
    this.#queue.push({ kind: step.kind, event, series: step.series });
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Waits until all is sent, at most so many milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    this.#flushing = true;
    const enough = new AbortController();
    const sent = (this.#sending ?? Promise.resolve()).then(() => enough.abort());
    await Promise.race([sent, sleep(this.#options.clock, milliseconds, enough.signal)]);
  }

  /** In batches: taking from the front of a long array one by one would cost its length each time. */
  async #send(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      for (const job of batch) {
        await this.#giveWay(job.series.last + MOST_PATIENCE);
        await this.#deliver(job);
        this.#options.handled?.();
      }
    }
  }

  async #giveWay(until: number): Promise<void> {
    const { clock } = this.#options;
    while (this.#options.busy?.() === true && !this.#flushing && clock.now() < until) await sleep(clock, LOOK_AGAIN);
  }

  async #deliver(job: Job): Promise<void> {
    for (const pause of [...PAUSES, undefined]) {
      try {
        await this.#write(job);
        this.#lastTrouble = '';
        return;
      } catch (error) {
        if (pause === undefined || (error instanceof KubernetesError && error.outcome === 'refused')) {
          this.#giveUp(job, error);
          return;
        }
        await sleep(this.#options.clock, pause);
      }
    }
  }

  async #write({ kind, event, series }: Job): Promise<void> {
    const { namespace, name } = event.metadata;
    const collection = { group: 'events.k8s.io', version: 'v1', plural: 'events', namespace };
    if (kind === 'update') {
      const path = resourcePath({ ...collection, name });
      const body = { series: seriesOf(series) };
      // Events end after an hour, and may be deleted: then it is told anew.
      if (await this.#request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body }, 'NotFound'))
        return;
    }
    // One that exists is ours: an earlier try went through.
    await this.#request({ method: 'POST', path: resourcePath(collection), body: event }, 'AlreadyExists');
  }

  /** Whether it was done; `false` when the API server refused it for this one reason. */
  async #request(request: KubernetesRequest, unless: string): Promise<boolean> {
    try {
      await this.#options.client.request(request);
      return true;
    } catch (error) {
      if (error instanceof KubernetesError && error.reason === unless) return false;
      throw error;
    }
  }

  #giveUp({ event }: Job, error: unknown): void {
    const { log } = this.#options;
    const { regarding, reason } = event;
    if (isTerminating(error)) {
      log.debug({ err: error, regarding, reason }, 'The namespace takes no Event any more');
      return;
    }
    this.#dropped++;
    const trouble = error instanceof KubernetesError ? error.reason : 'Unknown';
    if (trouble === this.#lastTrouble) return;
    this.#lastTrouble = trouble;
    const remedy = trouble === 'Forbidden' ? '; grant create and patch on events.events.k8s.io' : '';
    log.warn({ err: error, regarding, reason }, `An Event was not written${remedy}`);
  }
}

/** A namespace that is being deleted refuses new objects with 403, one that is gone with 404. */
function isTerminating(error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  return error.reason === 'NotFound' || (error.details ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
}
