// Leader election on a Lease: at most one process acts, and one that can no longer be sure stops before another begins.

import { sleep, type Cancel, type Clock } from '../controller/clock.ts';
import type { Log } from '../controller/log.ts';
import { KubernetesError, type KubernetesClient } from './client.ts';
import { electorStep, look, type Lease, type LeaseSpec, type SeenLease } from './lease.ts';
import { resourcePath } from './paths.ts';

/** Milliseconds. The defaults are those of Kubernetes' own components. */
export interface ElectorTiming {
  /** Others take over when they have seen no renewal for so long; whole seconds. */
  readonly duration: number;
  /** The leader gives up when it has not renewed for so long; what is below `duration` is left for requests on their way to end. */
  readonly renewDeadline: number;
  /** The pause between two tries, plus up to a fifth by chance. */
  readonly retry: number;
}

const TIMING: ElectorTiming = { duration: 15_000, renewDeadline: 10_000, retry: 2_000 };

export interface ElectorOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique for each process: a host name is not, for a restarted container has the same. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once, when this process has become the leader. */
  readonly onElected: () => void;
  /** Called at most once, when it was the leader and is no longer sure to be: end every change at once, and the process with it. */
  readonly onLost: (reason: string) => void;
  readonly timing?: ElectorTiming;
  /** A number from 0 up to but not including 1, for jitter. */
  readonly random?: () => number;
}

/** Of one request; two fit into the renew deadline. */
const REQUEST_TIMEOUT = 4_000;

/**
 * A candidate for leadership. It compares no clocks: a Lease ends when *we* have seen it unchanged for its duration. Writes carry the
 * resourceVersion they rest on, so of two candidates one succeeds.
 *
 * As Kubernetes' documentation says, this does not fence: a process that was stopped and goes on may have requests under way. `leading` is
 * therefore looked at before each change, and `onLost` comes before anyone else can lead; the rest is up to what the changes are conditional on.
 */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #timing: ElectorTiming;
  readonly #random: () => number;
  readonly #path: { readonly collection: string; readonly lease: string };
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #seen: SeenLease | undefined;
  /** Whether `#seen` is our own last write, so that the next can do without a read. */
  #fresh = false;
  /** While leading: our time after which we must not act any more. */
  #until: number | undefined;
  #cancelDeadline: Cancel = () => undefined;
  #lost = false;
  #lastTrouble = '';
  #lastHolder = '';

  constructor(options: ElectorOptions) {
    const { namespace, name } = options;
    const collection = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespace };
    this.#options = options;
    this.#timing = options.timing ?? TIMING;
    this.#random = options.random ?? Math.random;
    this.#path = { collection: resourcePath(collection), lease: resourcePath({ ...collection, name }) };
  }

  /**
   * Whether this process may change anything now. It looks at the time itself: after a stall of the process it is false before the timer
   * that calls `onLost` had a chance to run.
   */
  get leading(): boolean {
    return this.#until !== undefined && this.#options.clock.now() < this.#until;
  }

  /** Begins to try. An elector is started once. */
  start(): void {
    this.#running = this.#run();
  }

  /**
   * Ends trying, and hands the Lease over if it is ours, so that the next leader need not wait. To be called when no change is under way
   * any more. After a loss the Lease is left alone: something may still be on its way.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#resign();
    if (!this.#lost) await this.#release();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#try();
      await sleep(clock, this.#timing.retry * (1 + this.#random() / 5), this.#stop.signal);
    }
  }

  async #try(): Promise<void> {
    try {
      await this.#attempt();
      this.#recovered();
    } catch (error) {
      this.#fresh = false;
      if (!this.#stop.signal.aborted) this.#report(error);
    }
  }

  async #attempt(): Promise<void> {
    const { clock, identity } = this.#options;
    if (!this.#fresh) this.#seen = await this.#read();
    const now = clock.now();
    const step = electorStep(this.#seen, { identity, duration: this.#timing.duration, leading: this.leading }, now);
    switch (step.kind) {
      case 'create':
      case 'update':
        this.#keep(await this.#write(step.spec), now);
        break;
      case 'wait':
        this.#follow(step.holder);
        break;
      case 'lost':
        this.#lose(`${step.holder || 'nobody'} holds the Lease now`);
        break;
    }
  }

  async #read(): Promise<SeenLease | undefined> {
    try {
      const lease = await this.#request<Lease>({ method: 'GET', path: this.#path.lease });
      return look(lease, this.#seen, this.#options.clock.now());
    } catch (error) {
      if (error instanceof KubernetesError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  /** Writes on the condition that nothing was written since. */
  #write(spec: LeaseSpec): Promise<Lease> {
    const { namespace, name } = this.#options;
    if (this.#seen)
      return this.#request({ method: 'PUT', path: this.#path.lease, body: { ...this.#seen.lease, spec } });
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
    return this.#request({ method: 'POST', path: this.#path.collection, body });
  }

  #request<T>(request: { method: 'GET' | 'POST' | 'PUT'; path: string; body?: unknown }): Promise<T> {
    const left = this.#until === undefined ? REQUEST_TIMEOUT : this.#until - this.#options.clock.now();
    const timeout = Math.max(1, Math.min(REQUEST_TIMEOUT, left));
    return this.#options.client.request<T>({ ...request, timeout, signal: this.#stop.signal });
  }

  /** The Lease is ours, for as long after we *asked* as the deadline says: others count from a later moment. */
  #keep(lease: Lease, askedAt: number): void {
    const { clock, log, identity, onElected } = this.#options;
    const now = clock.now();
    this.#seen = look(lease, undefined, now);
    this.#fresh = true;
    const until = askedAt + this.#timing.renewDeadline;
    // The process stood still while the answer lay there: as good as no answer. The deadline, if one is set, is due now.
    if (now >= until || this.#stop.signal.aborted) return;
    const elected = this.#until === undefined;
    this.#until = until;
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(until - now, () => {
      this.#lose(`the Lease could not be renewed for ${this.#timing.renewDeadline} ms`);
    });
    if (!elected) return;
    log.info({ identity }, 'Became the leader');
    onElected();
  }

  #follow(holder: string): void {
    if (holder === this.#lastHolder) return;
    this.#lastHolder = holder;
    this.#options.log.info({ holder }, 'Another process leads; standing by');
  }

  #lose(reason: string): void {
    this.#lost = true;
    this.#resign();
    this.#stop.abort();
    this.#options.log.error({ reason }, 'Lost the leadership');
    this.#options.onLost(reason);
  }

  #resign(): void {
    this.#until = undefined;
    this.#cancelDeadline();
  }

  async #release(): Promise<void> {
    const { client, identity, log } = this.#options;
    const { lease: path } = this.#path;
    try {
      // A read first: a write that was under way may have gone through.
      const lease = await client.request<Lease>({ method: 'GET', path, timeout: REQUEST_TIMEOUT / 4 });
      if (lease.spec?.holderIdentity !== identity) return;
      const body = { ...lease, spec: { ...lease.spec, holderIdentity: '' } };
      await client.request({ method: 'PUT', path, body, timeout: REQUEST_TIMEOUT / 4 });
      log.info({}, 'Released the leadership');
    } catch (error) {
      log.warn({ err: error }, 'Could not release the leadership; the next leader waits until the Lease ends');
    }
  }

  /** One line for each new trouble, not one every two seconds. */
  #report(error: unknown): void {
    const { log, namespace } = this.#options;
    const reason = error instanceof KubernetesError ? error.reason : 'Unknown';
    // Two candidates wrote at once, and the other one was first: that is how it should be.
    if (reason === 'Conflict' || reason === 'AlreadyExists') return;
    if (reason === this.#lastTrouble) return;
    this.#lastTrouble = reason;
    if (reason === 'Forbidden') {
      log.error(
        { err: error },
        `May not use Leases in namespace ${namespace}: grant get, create and update on leases.coordination.k8s.io there; trying on`,
      );
    } else {
      log.warn({ err: error, leading: this.leading }, 'Leader election does not get through; trying on');
    }
  }

  #recovered(): void {
    if (this.#lastTrouble !== '') this.#options.log.info({}, 'Leader election gets through again');
    this.#lastTrouble = '';
  }
}
