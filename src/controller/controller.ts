// Workers that take keys from a queue and have each reconciled.

import { setImmediate as turn } from 'node:timers/promises';
import { sleep, type Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { KeyedQueue } from './queue.ts';

/** When a key that was reconciled without an error is looked at again. */
export interface ReconcileResult {
  /** Milliseconds; absent when there is no need before something changes. */
  readonly requeueAfter?: number;
}

/**
 * Brings the world into agreement with one object.
 *
 * **It is level-based.** The key says which object to look at, never what happened to it: events are merged, come late, come twice or not
 * at all. So each call reads the present state, compares it with what is wanted, and does what is missing. An object that is not there any
 * more is a state like any other. Running it once more than needed must change nothing.
 *
 * **When it is called.** Some time after the key was added to the queue: by a watch, by a resync, or because its time had come. A change
 * during a call leads to one more call afterwards. After a restart, or a change of leader, it is called for every object.
 *
 * **When it is not called.** Never twice at once for one key, so it needs no lock on its object. Different keys run at the same time, as
 * many as there are workers; what they share is the reconciler's to guard.
 *
 * **What it reads may be old.** A store lags behind the server, even behind the reconciler's own last write. A decision that cannot be
 * taken back therefore rests on a live read or on a precondition that the server checks, not on the store.
 *
 * **What it returns.** `requeueAfter` asks for another look then, at the latest; every call decides this anew, and what an earlier call
 * asked for no longer counts. A look that comes too early must find nothing to do rather than do it early.
 *
 * **What an error means.** "Try again": it is logged, and the key comes back after a wait of 5 ms that doubles with each failure in a row,
 * up to 5 min; a change of the object does not wait for that. What trying again cannot mend (a spec that makes no sense, a missing
 * permission of the user) is not an error but a condition on the object, and a result. No error ends the controller.
 *
 * **How it stops.** The signal fires when the process must end or has lost its leadership. From then on nothing may be begun; what it
 * throws is neither logged nor retried.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/** How a reconcile ended. */
export type ReconcileOutcome = 'success' | 'requeued' | 'error' | 'aborted';

/** Is told of every reconcile that ended; for metrics. */
export interface ReconcileObserver {
  reconciled(key: string, outcome: ReconcileOutcome, milliseconds: number): void;
}

export interface ControllerOptions {
  readonly queue: KeyedQueue;
  readonly reconcile: Reconcile;
  /** How many keys are reconciled at the same time. */
  readonly workers: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer?: ReconcileObserver;
}

/** How long `stop` lets what is running finish. The whole process has 10 s, of which some are needed to hand over the leadership. */
const GRACE = 5_000;
/** How long `stop` waits for aborted reconciles to unwind; one that ignores its signal is left behind. */
const UNWIND = 1_000;
/**
 * Reconciles in one go: some milliseconds where none of them has to wait for anything, as after a restart, when thousands of objects are as
 * they should be. Then everything else gets its turn: probes, the Lease, watches.
 */
const BATCH = 20;

/** Runs a reconciler for every key of a queue. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #abort = new AbortController();
  #workers: readonly Promise<void>[] = [];
  #reconciled = 0;
  /** What all workers wait for before they go on. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** Whether the workers run. */
  get running(): boolean {
    return this.#workers.length > 0 && !this.#abort.signal.aborted;
  }

  /** Starts the workers. Keys that were added before are reconciled now. A controller is started once. */
  start(): void {
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#work());
  }

  /**
   * Shuts the queue down, waits at most `grace` milliseconds for running reconciles, then aborts them. Resolves when all have ended, or a
   * second after the abort. With a grace of 0 they are aborted at once: that is for a lost leadership.
   */
  async stop(grace = GRACE): Promise<void> {
    const { queue, log } = this.#options;
    queue.shutdown();
    if (grace > 0) await this.#ended(grace);
    this.#abort.abort(new Error('the controller was stopped'));
    await this.#ended(UNWIND);
    const left = queue.figures().processing;
    if (left > 0) log.warn({ left }, 'Reconciles did not end when told to; they are left behind');
    this.#workers = [];
  }

  /** Resolves when all workers have ended, or after so many milliseconds. */
  async #ended(milliseconds: number): Promise<void> {
    const enough = new AbortController();
    const all = Promise.all(this.#workers).then(() => enough.abort());
    await Promise.race([all, sleep(this.#options.clock, milliseconds, enough.signal)]);
  }

  async #work(): Promise<void> {
    const { queue } = this.#options;
    for (;;) {
      const key = await queue.take();
      if (key === undefined) return;
      await this.#reconcile(key);
      queue.done(key);
      if (++this.#reconciled % BATCH === 0) this.#turn = turn();
      await this.#turn;
    }
  }

  async #reconcile(key: string): Promise<void> {
    const { queue, clock, observer } = this.#options;
    const began = clock.now();
    const outcome = await this.#attempt(key);
    observer?.reconciled(key, outcome, clock.now() - began);
    if (outcome === 'success' || outcome === 'requeued') queue.forget(key);
  }

  async #attempt(key: string): Promise<ReconcileOutcome> {
    const { queue, reconcile, log } = this.#options;
    try {
      const { requeueAfter } = await reconcile(key, this.#abort.signal);
      if (requeueAfter === undefined) return 'success';
      queue.addAfter(key, requeueAfter);
      return 'requeued';
    } catch (error) {
      if (this.#abort.signal.aborted) return 'aborted';
      const wait = queue.addFailed(key);
      log.error({ key, err: error, retryInMilliseconds: Math.round(wait) }, 'Reconcile failed; it is tried again');
      return 'error';
    }
  }
}
