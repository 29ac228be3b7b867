// One pass of a process over an object: it asks the plan, sends a request, learns what came of it, and asks again.

import type { Verdict } from '../../src/resources/conditions.ts';
import { secretName } from '../../src/resources/defaults.ts';
import { REASONS } from '../../src/resources/reasons.ts';
import type { learn as realLearn } from '../../src/tokens/learn.ts';
import type { Memory, Observed } from '../../src/tokens/observed.ts';
import type { Failure, Outcome } from '../../src/tokens/outcome.ts';
import type { plan as realPlan } from '../../src/tokens/plan.ts';
import { statusOf } from '../../src/tokens/status.ts';
import type { Decision } from '../../src/tokens/step.ts';
import { noteFailure } from './accounts.ts';
import { nonce, observe, ofObject, released, seeObject } from './process.ts';
import { prepare } from './requests.ts';
import { Violation, type Ask, type Pass, type Request, type World } from './world.ts';

/** What the model runs: the real plan, or one that was broken on purpose. */
export interface Brain {
  readonly plan: typeof realPlan;
  readonly learn: typeof realLearn;
}

/** As in the reconciler: a plan that needs more is going in circles. */
const MOST_STEPS = 64;

type Thought = Omit<Pass, 'request'>;

/** Begins a pass and sends its first request; `false` when there is nothing to do. */
export function startPass(w: World, brain: Brain, p: number, name: string): boolean {
  const process = w.processes[p]!;
  if (process.passes.has(name)) return false;
  const seen = observe(w, process, name);
  if (seen === undefined) return false;
  think(w, brain, p, name, { ...seen, steps: 0, since: w.serial });
  return true;
}

/** The answer of a pass's request arrives: its process learns, and sends the next. */
export function answerPass(w: World, brain: Brain, p: number, name: string): void {
  const process = w.processes[p]!;
  const pass = process.passes.get(name)!;
  const { request, ...thought } = pass;
  const answer = request.answer!;
  const { inventory } = answer;
  let { outcome } = answer;
  if (inventory !== undefined) {
    process.inventory = { ...inventory, finished: w.now };
    outcome = { got: 'inventory', inventory: ofObject(process.inventory, request.uid) };
  }
  if (outcome.got === 'object') seeObject(process, outcome.object);
  if (request.ask.do === 'report') {
    process.passes.delete(name);
    return;
  }
  const { live: _, written: __, ...rest } = thought;
  const next: Thought = {
    ...rest,
    ...(answer.live === undefined && thought.live !== undefined ? { live: thought.live } : {}),
    ...(answer.live ? { live: answer.live } : {}),
    ...(answer.wrote !== undefined ? { written: answer.wrote } : {}),
    ...(answer.wrote === undefined && answer.live === undefined && thought.written !== undefined
      ? { written: thought.written }
      : {}),
  };
  proceed(w, brain, p, name, next, request, outcome);
}

/** The answer never comes, or is no answer: all that the process learns is that it failed. */
export function failPass(w: World, brain: Brain, p: number, name: string, failure: Failure): void {
  const process = w.processes[p]!;
  const pass = process.passes.get(name)!;
  const { request, live, written, ...thought } = pass;
  const { ask } = request;
  if (ask.do === 'report') {
    // An error for the reconciler: the pass ends, and the queue brings the object back.
    remember(w, p, name, thought.observed.memory, w.now + 1000);
    process.passes.delete(name);
    return;
  }
  if (ask.do === 'mint') noteFailure(w, request.uid);
  const wrote = ask.do === 'publish' || ask.do === 'rewrite';
  const next: Thought = {
    ...thought,
    ...(wrote || live === undefined ? {} : { live }),
    ...(wrote || written === undefined ? {} : { written }),
  };
  proceed(w, brain, p, name, next, request, { got: 'failure', failure });
}

function proceed(
  w: World,
  brain: Brain,
  p: number,
  name: string,
  thought: Thought,
  { ask, sentAt }: Request,
  outcome: Outcome,
): void {
  if (ask.do === 'report') return;
  const observed = learnt(w, brain, p, name, thought.observed, ask, outcome, sentAt);
  const gone = outcome.got === 'no object' || (outcome.got === 'object' && released(outcome.object));
  if (gone) {
    w.processes[p]!.passes.delete(name);
    forget(w, p, name);
    return;
  }
  if (observed.object.metadata.generation !== thought.observed.object.metadata.generation) {
    // As in the reconciler: what is wanted was worked out of the former spec, so another pass has to begin.
    remember(w, p, name, observed.memory, w.now);
    w.processes[p]!.passes.delete(name);
    return;
  }
  think(w, brain, p, name, { ...thought, observed, steps: thought.steps + 1 });
}

function learnt(
  w: World,
  brain: Brain,
  p: number,
  name: string,
  before: Observed,
  step: Exclude<Ask, { do: 'report' }>,
  outcome: Outcome,
  asked = w.now,
): Observed {
  const learned = brain.learn(before, step, outcome, w.now, asked);
  const givenUp = learned.memory.pending?.givenUp === true && before.memory.pending?.givenUp !== true;
  const leftOpen =
    learned.memory.pending === undefined && learned.memory.unsettled.length > before.memory.unsettled.length;
  const { pending } = before.memory;
  // A stranger made the Secret name it, so that it looks written; its string never stood there.
  const namedOnly =
    step.do === 'remember' &&
    pending !== undefined &&
    pending.givenUp !== true &&
    learned.memory.pending === undefined &&
    !leftOpen &&
    w.tokens.get(pending.created.info.id)?.published === false;
  if (namedOnly) noteFailure(w, before.object.metadata.uid);
  // One that is given up and left open is the same attempt.
  if (givenUp || (leftOpen && before.memory.pending !== undefined && before.memory.pending.givenUp !== true)) {
    noteFailure(w, before.object.metadata.uid);
  }
  remember(w, p, name, learned.memory);
  return step.do === 'mint' ? { ...learned, nonce: nonce(w) } : learned;
}

function think(w: World, brain: Brain, p: number, name: string, thought: Thought): void {
  const process = w.processes[p]!;
  let { observed, steps } = thought;
  for (;;) {
    if (steps >= MOST_STEPS) throw new Violation('I7', `process ${p} took ${steps} steps for ${name} and found no end`);
    const decision = brain.plan(observed, w.now);
    const { step } = decision;
    if (step === undefined) {
      report(w, p, name, { ...thought, observed, steps }, decision);
      return;
    }
    const request = prepare(w, p, name, { ...thought, observed, steps }, step);
    if (!('got' in request)) {
      process.passes.set(name, { ...thought, observed, steps, request });
      return;
    }
    observed = learnt(w, brain, p, name, observed, step, request);
    steps += 1;
  }
}

/** Ends the pass by writing the status, if anything in it changed. */
function report(w: World, p: number, name: string, thought: Thought, decision: Decision): void {
  const process = w.processes[p]!;
  const { observed } = thought;
  const { object } = observed;
  remember(w, p, name, settle(observed.memory, decision.verdict), decision.wakeAt);
  const status = released(object) ? object.status : statusOf(observed, decision.verdict, w.now);
  if (status === undefined || status === object.status) {
    process.passes.delete(name);
    return;
  }
  const request: Request = {
    process: p,
    name,
    uid: object.metadata.uid,
    ask: { do: 'report', status },
    sentAt: w.now,
    since: thought.since,
    resourceVersion: object.metadata.resourceVersion,
    secretName: secretName(object),
  };
  process.passes.set(name, { ...thought, request });
}

/** As in the reconciler: once an object stands well, what failed before is over. */
function settle(memory: Memory, { reason }: Verdict): Memory {
  if (memory.setback === undefined || REASONS[reason].class !== 'good') return memory;
  const { setback: _, ...rest } = memory;
  return rest;
}

function remember(w: World, p: number, name: string, memory: Memory, wakeAt?: number): void {
  const { kept } = w.processes[p]!;
  const before = kept.get(name);
  if (before === undefined) return;
  kept.set(name, { uid: before.uid, memory, ...(wakeAt === undefined ? {} : { wakeAt }) });
}

function forget(w: World, p: number, name: string): void {
  const { kept } = w.processes[p]!;
  const before = kept.get(name);
  if (before?.memory.pending !== undefined) noteFailure(w, before.uid);
  kept.delete(name);
}
