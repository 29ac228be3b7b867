// Tells what the plan does: plan, outcome, learn, and again, until no step is left.

import type { Verdict } from '../src/resources/conditions.ts';
import { REASONS } from '../src/resources/reasons.ts';
import { learn, NOTHING_LOOKED_AT } from '../src/tokens/learn.ts';
import type { Observed } from '../src/tokens/observed.ts';
import type { Outcome } from '../src/tokens/outcome.ts';
import { plan } from '../src/tokens/plan.ts';
import { statusOf } from '../src/tokens/status.ts';
import type { Step } from '../src/tokens/step.ts';
import { NOW, nonce } from './builders.ts';
import { FakeWorld } from './fake-world.ts';

/** As in the operator: a plan that needs more is going in circles. */
const MOST_STEPS = 64;

type Handler = (step: Step, o: Observed) => Outcome | undefined;

/** Begins a story; without handlers all goes well. */
export function story(o: Observed): Story {
  return new Story(o);
}

/** What one pass came to. */
export interface Told {
  readonly steps: readonly Step[];
  /** The steps in short: what, and the number of the token. Memory is left out. */
  readonly told: readonly string[];
  readonly verdict: Verdict;
  readonly wakeAt?: number;
  /** What is observed at the end. */
  readonly o: Observed;
  /** The object is gone, or no business of ours any more. */
  readonly over: boolean;
}

/** One object in a world that behaves well, except where handlers say otherwise. */
export class Story {
  readonly world: FakeWorld;
  now = NOW;
  #o: Observed;
  #handlers: Handler[] = [];
  #nonces = 0x100;

  constructor(o: Observed) {
    this.#o = o;
    this.world = new FakeWorld(o);
  }

  /** Scripts what comes of a step; the first handler that answers counts. */
  when(handler: Handler): this {
    this.#handlers.push(handler);
    return this;
  }

  /** As `when`, for one kind of step. */
  on<D extends Step['do']>(what: D, outcome: (step: Extract<Step, { do: D }>) => Outcome | undefined): this {
    return this.when((step) => (isA(step, what) ? outcome(step) : undefined));
  }

  /** Forgets what was scripted: all goes well from now on. */
  calm(): this {
    this.#handlers = [];
    return this;
  }

  /** Time passes, and other things may change meanwhile. */
  later(milliseconds: number, change: (o: Observed) => Observed = (o) => o): this {
    this.now += milliseconds;
    this.#o = change(this.#o);
    this.world.object = this.#o.object;
    return this;
  }

  /** The process starts again: what it remembered is lost. */
  restart(): this {
    this.#o = { ...this.#o, memory: { unsettled: [], mints: [], ended: [] } };
    return this;
  }

  /** One pass. */
  run(): Told {
    let o: Observed = this.#o;
    const steps: Step[] = [];
    for (;;) {
      const { step, verdict, wakeAt } = plan(o, this.now);
      if (step === undefined) return this.#end(o, steps, verdict, wakeAt, false);
      steps.push(step);
      if (steps.length > MOST_STEPS) throw new Error(`no end in sight: ${steps.map(tell).join(', ')}`);
      const outcome = this.#outcome(step, o);
      o = learn(o, step, outcome, this.now);
      if (step.do === 'mint') o = { ...o, nonce: this.#nextNonce() };
      const { metadata } = o.object;
      const released = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
      if (outcome.got === 'no object' || released) return this.#end(o, steps, verdict, undefined, true);
    }
  }

  #nextNonce(): string {
    this.#nonces += 1;
    return nonce(this.#nonces);
  }

  #outcome(step: Step, o: Observed): Outcome {
    for (const handler of this.#handlers) {
      const outcome = handler(step, o);
      if (outcome !== undefined) return outcome;
    }
    return this.world.carryOut(step, o, this.now);
  }

  #end(o: Observed, steps: readonly Step[], verdict: Verdict, wakeAt: number | undefined, over: boolean): Told {
    const told = steps.filter((step) => step.do !== 'remember').map(tell);
    const object = { ...o.object, status: statusOf(o, verdict, this.now) };
    this.world.object = object;
    const { setback, ...calm } = o.memory;
    // As the operator does: once an object stands well, what failed before is over.
    const kept = setback === undefined || REASONS[verdict.reason].class === 'good' ? calm : o.memory;
    this.#o = { ...o, object, memory: kept, secret: this.world.watched(), looked: NOTHING_LOOKED_AT };
    return { steps, told, verdict, ...(wakeAt === undefined ? {} : { wakeAt }), o: { ...o, object }, over };
  }
}

/** A step in short. */
export function tell(step: Step): string {
  if (step.do === 'mint') return `mint: ${step.pending.cause}`;
  if (step.do === 'publish') return `publish ${number(step.pending.created.info.id)}`;
  if (step.do === 'probe') return `probe ${number(step.tokenID)}`;
  return 'id' in step ? `${step.do} ${number(step.id)}` : step.do;
}

function number(id: string): string {
  return String(Number(id.slice(-12)));
}

function isA<D extends Step['do']>(step: Step, what: D): step is Extract<Step, { do: D }> {
  return step.do === what;
}
