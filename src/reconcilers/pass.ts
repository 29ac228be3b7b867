// One pass over one object: ask the plan, take its step, learn, and again, until nothing is left to do; then write the status.

import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { Clock } from '../controller/clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Verdict } from '../resources/conditions.ts';
import { clusterName, secretName } from '../resources/defaults.ts';
import { FINALIZER, type TokenKind } from '../resources/group.ts';
import type { TokenObject } from '../resources/token-object.ts';
import { learn } from '../tokens/learn.ts';
import type { Memory, Observed } from '../tokens/observed.ts';
import type { Outcome } from '../tokens/outcome.ts';
import { plan } from '../tokens/plan.ts';
import type { SecretContent } from '../tokens/secret.ts';
import { statusOf } from '../tokens/status.ts';
import type { Decision, Step } from '../tokens/step.ts';
import { carryOut } from './carry-out.ts';
import { inventoryOf } from './cluster-view.ts';
import type { Clusters, ClusterState } from './clusters.ts';
import type { Narrator } from './narrator.ts';
import type { Newcomers } from './newcomers.ts';
import { writeStatus } from './own-objects.ts';
import { tokenRecord } from './records.ts';
import { SecretAccess } from './secret-access.ts';
import { tokenKey, type World } from './world.ts';

/** What a pass works with. */
export interface PassOptions {
  readonly world: World;
  readonly clusters: Clusters;
  readonly client: KubernetesClient;
  readonly narrator: Narrator;
  readonly clock: Clock;
  readonly newcomers: Newcomers;
  /** A call on the cluster failed in a way that concerns all its tokens of a kind. */
  readonly suspect: (cluster: string, kind: TokenKind) => void;
}

/** More steps than any situation takes; a plan that needs more is going in circles, and must not do so at full speed. */
const MOST_STEPS = 64;

/** A step that was begun before the plan asks for it, because it changes nothing. */
interface Ahead {
  readonly step: Step;
  readonly outcome: Promise<Outcome>;
}

/** Everything that is read live in a pass is forgotten when it ends. */
export class Pass {
  observed: Observed;
  readonly #options: PassOptions;
  readonly #cluster: ClusterState | undefined;
  readonly #secret: SecretAccess;
  readonly #signal: AbortSignal;

  /** @param content what the Secret should hold; absent when spec or cluster do not tell, and nothing can be written then */
  constructor(
    options: PassOptions,
    observed: Observed,
    content: SecretContent | undefined,
    cluster: ClusterState | undefined,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.observed = observed;
    this.#cluster = cluster;
    this.#signal = signal;
    const { object, wanted } = observed;
    const name = wanted?.secretName ?? secretName(object);
    const address = { namespace: object.metadata.namespace, name };
    this.#secret = new SecretAccess(options.client, options.world.collections.secrets, address, content, signal);
  }

  /**
   * Takes steps until none is left. What is learnt is remembered after every step. `gone`: so is the object. `changed`: its spec
   * is another one now; what this pass wants was worked out of the former, and the change itself brings the object back.
   */
  async run(remember: (memory: Memory) => void): Promise<Decision | 'gone' | 'changed'> {
    const { clock, narrator, world, suspect } = this.#options;
    const { generation } = this.observed.object.metadata;
    let ahead: Ahead | undefined;
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const decision = plan(this.observed, clock.now());
      const { step } = decision;
      if (step === undefined) return decision;
      const asked = clock.now();
      narrator.before(step, this.observed);
      const begun = isDeepStrictEqual(step, ahead?.step) ? ahead?.outcome : undefined;
      const carriedOut = begun ?? this.#carryOut(step);
      ahead = step.do === 'addFinalizer' ? this.#rehearseAhead() : undefined;
      const outcome = await carriedOut;
      narrator.step(step, outcome, this.observed);
      this.observed = learn(this.observed, step, outcome, clock.now(), asked);
      if (step.do === 'mint' && step.pending.cause === 'first' && mayHaveMinted(outcome)) {
        this.#options.newcomers.note(placeOf(this.observed.object));
      }
      // Only a mint uses its nonce up; random numbers cost more than the rest of a plan.
      if (step.do === 'mint') this.observed = { ...this.observed, nonce: newNonce() };
      remember(this.observed.memory);
      if (outcome.got === 'no object') return 'gone';
      if (outcome.got === 'object') {
        const { object } = outcome;
        const released =
          object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0;
        if (released) return 'gone';
        world.collections.tokens[object.kind].observe(object);
        if (object.metadata.generation !== generation) return 'changed';
      }
      if (outcome.got === 'failure' && outcome.failure.of === 'issuer' && outcome.failure.kind !== 'Refused') {
        suspect(clusterName(this.observed.object.spec), this.observed.object.kind);
      }
    }
    throw new Error(`the plan of ${tokenKey(this.observed.object)} came to no end within ${MOST_STEPS} steps`);
  }

  /** Writes the status, if anything in it changed. Answers whether it is as it should be: not when the write found another object than was looked at. */
  async report(verdict: Verdict): Promise<boolean> {
    const { client, clock, narrator, world } = this.#options;
    const { object } = this.observed;
    // Without our finalizer and on its way out, it is none of our business any more.
    if (object.metadata.deletionTimestamp !== undefined && !object.metadata.finalizers?.includes(FINALIZER))
      return true;
    const status = statusOf(this.observed, verdict, clock.now());
    if (status === object.status) return true;
    narrator.verdict(object, verdict);
    const written = await writeStatus(client, object, status, this.#signal);
    if (written === undefined) return false;
    const now = tokenRecord(object.kind)(written);
    world.collections.tokens[object.kind].observe(now);
    this.observed = { ...this.observed, object: now };
    return true;
  }

  #carryOut(step: Step): Promise<Outcome> {
    const { client, clock } = this.#options;
    return carryOut(step, this.observed, {
      client,
      clock,
      secret: this.#secret,
      connection: this.#cluster?.connection,
      takeInventory: () => this.#takeInventory(),
      signal: this.#signal,
    });
  }

  /** A dry run leaves nothing behind, so the one that follows the finalizer goes out together with it: the Secret is there a request earlier. */
  #rehearseAhead(): Ahead | undefined {
    const { object } = this.observed;
    const { finalizers = [] } = object.metadata;
    const kept = { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, FINALIZER] } };
    const { step } = plan({ ...this.observed, object: kept }, this.#options.clock.now());
    if (step?.do !== 'rehearse') return undefined;
    const outcome = this.#carryOut(step);
    // Not asked for any more when the finalizer shows another object; it rejects only when all of the pass does.
    outcome.catch(() => undefined);
    return { step, outcome };
  }

  async #takeInventory(): Promise<Outcome> {
    const { clusters } = this.#options;
    const { object } = this.observed;
    const inventory = await clusters.takeInventory(clusterName(object.spec), this.#signal, object.kind);
    return { got: 'inventory', inventory: inventoryOf(inventory, object.metadata.uid) };
  }
}

/** Whose first tokens are counted together, as `maxTokens` counts tokens. */
export function placeOf({ metadata, spec }: TokenObject): string {
  return `${metadata.namespace}/${clusterName(spec)}`;
}

function mayHaveMinted(outcome: Outcome): boolean {
  if (outcome.got !== 'failure') return true;
  return outcome.failure.of === 'issuer' && outcome.failure.kind === 'OutcomeUnknown';
}

/** Random bytes are drawn for many nonces at once: one by one they would cost more than the rest of the plan. */
const POOL = 4_096;
const NONCE = 8;
let pool = Buffer.alloc(0);

/** A fresh nonce for an attempt: 64 random bits, 16 hexadecimal digits. */
export function newNonce(): string {
  if (pool.length < NONCE) pool = randomBytes(POOL);
  const nonce = pool.toString('hex', 0, NONCE);
  pool = pool.subarray(NONCE);
  return nonce;
}
