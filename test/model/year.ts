// A long time on the model: tokens with a lifetime, looked at whenever the plan asked for it, and what their applications saw of it.

import type { DatabaseTokenSpec } from '../../src/resources/database-token.ts';
import { Schedule } from '../../src/controller/schedule.ts';
import { takeEffect } from './effects.ts';
import { putObject } from './kubernetes.ts';
import { answerPass, startPass, type Brain } from './pass.ts';
import { deliver, restart } from './process.ts';
import { tokenObject } from './specs.ts';
import { emptyWorld, Violation, type Process, type Request, type World } from './world.ts';

/** Each request takes so long. */
const LATENCY = 20;
/** The data API takes a new token only after this. */
const ACTIVATION = 10_000;

/** What happens to the operator and to the cluster besides, by the clock of the model. */
export interface Disturbance {
  readonly at: number;
  readonly what: 'the operator begins anew' | 'the cluster is down' | 'the cluster is up';
}

/** One token of an object: when it was in the Secret, and until when the server took it. */
export interface Life {
  readonly id: string;
  /** `undefined`: it was never in the Secret. */
  readonly writtenAt?: number;
  readonly activeAt: number;
  /** Of revocation or expiry, whichever came first. */
  readonly endedAt: number;
  readonly expiresAt: number;
}

/** Runs objects from now on, one operator process on one cluster. */
export class Years {
  readonly world: World = emptyWorld(1, { probing: true });
  readonly #brain: Brain;
  readonly #due = new Schedule();
  readonly #activations = new Schedule();
  /** Ids by the UID of the object. */
  readonly #minted = new Map<string, string[]>();
  readonly #writtenAt = new Map<string, number>();
  readonly #process: Process;

  constructor(brain: Brain) {
    this.#brain = brain;
    const [process] = this.world.processes;
    if (process === undefined) throw new Error('the model has no process');
    this.#process = process;
  }

  /** Applies an object. */
  apply(name: string, uid: string, spec: Partial<DatabaseTokenSpec>): void {
    putObject(this.world, name, tokenObject(this.world.settings, name, uid, this.world.now, spec));
    this.world.accounts.set(uid, { name, posts: 0, published: 0, reasons: 0, failures: 0 });
    this.#hear();
    this.#due.set(name, this.world.now);
  }

  /** Lets time pass until `end`; the disturbances lie before it, in order. */
  pass(end: number, disturbances: readonly Disturbance[]): void {
    for (const disturbance of disturbances) {
      this.#passUntil(disturbance.at);
      this.#disturb(disturbance);
    }
    this.#passUntil(end);
  }

  /** The tokens of an object, in the order of their creation. */
  lives(uid: string): Life[] {
    return (this.#minted.get(uid) ?? []).map((id) => this.#life(id));
  }

  #life(id: string): Life {
    const token = this.world.tokens.get(id);
    if (token === undefined) throw new Error(`there is no token ${id}`);
    const { createdAt, revokedAt, expiresAt = Infinity } = token.info;
    const writtenAt = this.#writtenAt.get(id);
    return {
      id,
      ...(writtenAt === undefined ? {} : { writtenAt }),
      activeAt: createdAt + ACTIVATION,
      endedAt: Math.min(revokedAt ?? Infinity, expiresAt),
      expiresAt,
    };
  }

  #passUntil(end: number): void {
    const w = this.world;
    for (let due = this.#due.earliest; due !== undefined && due <= end; due = this.#due.earliest) {
      w.now = Math.max(w.now, due);
      const name = this.#due.due(w.now);
      if (name !== undefined) this.#look(name);
    }
    w.now = Math.max(w.now, end);
  }

  #disturb({ what }: Disturbance): void {
    const process = this.#process;
    switch (what) {
      case 'the operator begins anew': {
        // In the middle of a renewal it would cost an orphan, which is another story.
        while (this.#isWriting()) this.#passUntil(this.#due.earliest ?? Infinity);
        const { hindrance } = process;
        restart(this.world, process);
        process.hindrance = hindrance;
        break;
      }
      case 'the cluster is down':
        process.hindrance = { reason: 'ClusterUnreachable', message: 'connection refused' };
        break;
      case 'the cluster is up':
        process.hindrance = undefined;
    }
    // As in the operator: all are looked at after a start, and when their cluster changed.
    for (const name of this.world.objects.keys()) this.#due.set(name, this.world.now);
  }

  #isWriting(): boolean {
    return [...this.#process.kept.values()].some(({ memory }) => memory.pending !== undefined);
  }

  /** One pass, from the first request to the last answer. */
  #look(name: string): void {
    const w = this.world;
    startPass(w, this.#brain, 0, name);
    for (;;) {
      const pass = this.#process.passes.get(name);
      if (pass === undefined) break;
      w.now += LATENCY;
      this.#activate();
      this.#process.passes.set(name, { ...pass, request: this.#carryOut(pass.request) });
      this.#hear();
      answerPass(w, this.#brain, 0, name);
    }
    const wakeAt = this.#process.kept.get(name)?.wakeAt;
    if (wakeAt !== undefined) this.#due.set(name, Math.max(w.now + 1, wakeAt));
  }

  #carryOut(request: Request): Request {
    const w = this.world;
    const { ask, uid, name } = request;
    if (ask.do === 'mint') this.#oneAtATime(uid, name);
    const answer = takeEffect(w, request);
    const { outcome } = answer;
    if (ask.do === 'publish' && outcome.got === 'secret') this.#writtenAt.set(ask.pending.created.info.id, w.now);
    if (outcome.got === 'created') {
      const { id } = outcome.created.info;
      this.#minted.set(uid, [...(this.#minted.get(uid) ?? []), id]);
      this.#activations.set(id, w.now + ACTIVATION);
    }
    return { ...request, answer };
  }

  /** Never two renewals at once: whatever was minted before was written, and no more than the current token lives. */
  #oneAtATime(uid: string, name: string): void {
    const before = this.lives(uid);
    if (before.some(({ writtenAt }) => writtenAt === undefined)) {
      throw new Violation('I8', `a token of ${name} is minted while its last one is not written`);
    }
    if (before.filter(({ endedAt }) => endedAt > this.world.now).length > 1) {
      throw new Violation('I1', `a third token of ${name} is minted while two are alive`);
    }
  }

  #activate(): void {
    const w = this.world;
    for (let id = this.#activations.due(w.now); id !== undefined; id = this.#activations.due(w.now)) {
      const token = w.tokens.get(id);
      if (token !== undefined) w.tokens.set(id, { ...token, active: true });
    }
  }

  #hear(): void {
    while (deliver(this.#process, 'objects'));
    while (deliver(this.#process, 'secrets'));
  }
}
