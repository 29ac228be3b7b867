// How what came of a step changes what is observed: the counterpart of the plan, and pure like it.

import { noteMint } from './budget.ts';
import { ended, ownership, ownLedger, rotationNonces } from './facts.ts';
import type { Looks, Memory, Observed, SecretView } from './observed.ts';
import type { Failure, Outcome } from './outcome.ts';
import { probed } from './plan-probe.ts';
import { viewKey } from './plan-upkeep.ts';
import { knowsNoDryRun, setbackOf } from './setback.ts';
import type { Step } from './step.ts';

/** What a pass starts with. */
export const NOTHING_LOOKED_AT: Looks = { object: false, rehearsed: false, tokens: {} };

/** Only a live look tells whether there is a Secret. */
const DOUBTED = { present: false, seen: 'cached', doubted: true } as const;

/** How many ended tokens are remembered for an object; older ones are not named by anything any more. */
const ENDED = 64;

/**
 * What is observed after a step.
 *
 * @param now our clock, milliseconds since the Unix epoch, when the outcome was there
 * @param asked our clock when the step began: whatever it did was done later than that
 */
export function learn(o: Observed, step: Step, outcome: Outcome, now: number, asked = now): Observed {
  const remember = (change: Partial<Memory>): Observed => ({ ...o, memory: { ...o.memory, ...change } });
  switch (outcome.got) {
    case 'object': {
      const { object } = outcome;
      if (step.do !== 'lookAtObject') return { ...o, object };
      // One that changed may name a token that was written after the Secret was read.
      const changed = object.metadata.resourceVersion !== o.object.metadata.resourceVersion;
      const secret = changed ? outOfDate(o.secret) : o.secret;
      return { ...o, object, secret, looked: { ...o.looked, object: true } };
    }
    case 'no object':
      return o;
    case 'secret':
      return afterSecret(o, step, outcome, asked);
    case 'rehearsed':
      return { ...o, looked: { ...o.looked, rehearsed: true } };
    case 'conflict': {
      // What we believed of the Secret is out of date: only a live look counts now.
      const unseen: Observed = { ...o, secret: DOUBTED, looked: { ...o.looked, rehearsed: false } };
      if (step.do !== 'publish') return unseen;
      return { ...unseen, memory: { ...o.memory, pending: { ...step.pending, unsure: true } } };
    }
    case 'created': {
      if (step.do !== 'mint') return o;
      const { created } = outcome;
      const minting: Observed = { ...o, looked: { ...o.looked, rehearsed: false } };
      const pending = { ...step.pending, created };
      const server = { info: created.info, at: now };
      return { ...minting, memory: { ...o.memory, pending, mints: minted(o, step, now), server } };
    }
    case 'token':
      return afterToken(o, step, outcome);
    case 'revoked':
      return remember({ ended: withEnded(o.memory.ended, outcome.id) });
    case 'probed':
      return remember({ probe: probed(o.memory.probe, outcome.tokenID, outcome.verdict, now) });
    case 'inventory':
      return withInventory(o, outcome.inventory);
    case 'nothing':
      return step.do === 'remember' ? { ...o, memory: step.memory } : o;
    case 'failure':
      return afterFailure(o, step, outcome.failure, now);
  }
}

function afterSecret(
  o: Observed,
  step: Step,
  { secret, wrote }: Extract<Outcome, { got: 'secret' }>,
  asked: number,
): Observed {
  const { layout } = o;
  const published = wrote && step.do === 'publish';
  const good = secret.present && secret.intact === true && secret.asWanted === true;
  const { pending, takeoverSince, unwritten, verified: _, ...rest } = o.memory;
  const memory: Memory = {
    ...rest,
    ...(good
      ? {
          verified: {
            resourceVersion: secret.resourceVersion,
            ...(layout === undefined ? {} : { layout }),
          },
        }
      : {}),
    ...(wrote ? { ledgerWrittenAt: asked } : {}),
    ...(published || pending === undefined ? {} : { pending }),
    ...(published || takeoverSince === undefined ? {} : { takeoverSince }),
    ...(published || unwritten === undefined ? {} : { unwritten }),
  };
  // Which of two objects of a name came first is told by an object that is still there after its Secret was read.
  const former = secret.present && ownership(o, secret) === 'former object';
  return { ...o, secret, memory, ...(former ? { looked: { ...o.looked, object: false } } : {}) };
}

/** What was read of it may not be so any more: only a live look counts now. */
function outOfDate(secret: SecretView): SecretView {
  return { ...secret, seen: 'cached', doubted: true };
}

function afterToken(o: Observed, step: Step, { id, info, at }: Extract<Outcome, { got: 'token' }>): Observed {
  const looked: Looks = { ...o.looked, tokens: { ...o.looked.tokens, [id]: { info, at } } };
  const changed =
    step.do === 'change' && info !== 'gone'
      ? { generation: o.object.metadata.generation, view: viewKey(info) }
      : o.memory.changed;
  const memory: Memory = {
    ...o.memory,
    ...(changed === undefined ? {} : { changed }),
    // Looking at what it replaced must not push out what is known of the current token.
    ...(info === 'gone' || ownLedger(o)?.tokenID !== id ? {} : { server: { info, at } }),
    ...(info !== 'gone' && info.revokedAt !== undefined ? { ended: withEnded(o.memory.ended, id) } : {}),
  };
  return { ...o, looked, memory };
}

/**
 * Attempts that were under way before the inventory was begun are in it, or never happened. A token that the server did not know
 * before has ended, if the inventory shows others of ours.
 */
function withInventory(o: Observed, inventory: Extract<Outcome, { got: 'inventory' }>['inventory']): Observed {
  if (o.cluster === undefined) return o;
  const unsettled = o.memory.unsettled.filter(({ at }) => at >= inventory.begun);
  // What it shows may have been written since the Secret was read.
  const secret = o.secret.seen === 'live' ? outOfDate(o.secret) : o.secret;
  const seen: Observed = { ...o, secret, cluster: { ...o.cluster, inventory }, memory: { ...o.memory, unsettled } };
  const missing = Object.keys(o.looked.tokens).filter((id) => !o.memory.ended.includes(id) && ended(seen, id));
  return { ...seen, memory: { ...seen.memory, ended: missing.reduce(withEnded, seen.memory.ended) } };
}

function afterFailure(o: Observed, step: Step, failure: Failure, now: number): Observed {
  if (step.do === 'rehearse' && knowsNoDryRun(failure)) {
    return { ...o, secret: o.secret.present ? o.secret : DOUBTED, looked: { ...o.looked, rehearsed: true } };
  }
  const { generation } = o.object.metadata;
  const setback = setbackOf(o.memory.setback, step, failure, generation, o.nonce, now);
  const lost = failure.of === 'issuer' && failure.kind === 'OutcomeUnknown';
  const memory: Memory = { ...o.memory, setback };
  if (step.do === 'mint') {
    const unsettled = lost ? [...memory.unsettled, { attempt: step.pending.attempt, at: now }] : memory.unsettled;
    return { ...o, memory: { ...memory, unsettled, mints: lost ? minted(o, step, now) : memory.mints } };
  }
  if (step.do === 'publish') return { ...o, memory: { ...memory, pending: { ...step.pending, unsure: true } } };
  return { ...o, memory };
}

function minted(o: Observed, step: Extract<Step, { do: 'mint' }>, now: number): Memory['mints'] {
  const { generation } = o.object.metadata;
  return noteMint(o.memory.mints, { at: now, generation, nonces: rotationNonces(o), scheduled: step.scheduled });
}

function withEnded(before: readonly string[], id: string): readonly string[] {
  return before.includes(id) ? before : [...before, id].slice(-ENDED);
}
