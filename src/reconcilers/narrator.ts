// Tells what was done: one audit line per change on InfluxDB, Events for people, counters for machines. Never a token string.

import type { EventRecorder, ObjectReference } from '../kubernetes/events.ts';
import type { Logger } from '../logging.ts';
import { advice, legible, type Verdict } from '../resources/conditions.ts';
import { API_VERSION, type PLURALS } from '../resources/group.ts';
import { REASONS } from '../resources/reasons.ts';
import type { Metrics } from '../server/metrics.ts';
import { ownLedger, settled } from '../tokens/facts.ts';
import { bySpec } from '../tokens/mint-cause.ts';
import type { MintCause, Observed } from '../tokens/observed.ts';
import type { Outcome } from '../tokens/outcome.ts';
import { REASON_OF } from '../tokens/plan-mint.ts';
import type { Step } from '../tokens/step.ts';

/** What an Event may be about. */
interface Subject {
  readonly kind: keyof typeof PLURALS;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  };
}

/** The operator's voice. */
export class Narrator {
  readonly #events: Pick<EventRecorder, 'record'>;
  readonly #log: Logger;
  readonly #metrics: Metrics;

  constructor(events: Pick<EventRecorder, 'record'>, log: Logger, metrics: Metrics) {
    this.#events = events;
    this.#log = log;
    this.#metrics = metrics;
  }

  /** A verdict is about to be written. An Event tells of it when the reason is news; a repeated one is not. */
  verdict(object: Subject, verdict: Verdict): void {
    const { reason } = verdict;
    const message = advice(verdict);
    const conditions = object.status?.conditions ?? [];
    // Synced carries every reason; Ready keeps an earlier one while a token stands. A cluster has Ready alone.
    const before = conditions.find(({ type }) => type === 'Synced') ?? conditions.find(({ type }) => type === 'Ready');
    const group = REASONS[reason].class;
    if (before?.reason === reason && (group === 'good' || before.message === message)) return;
    if (group === 'underway' && reason !== 'NotAccepted') return;
    const type = group === 'good' || group === 'suspended' ? 'Normal' : 'Warning';
    this.#events.record({ regarding: referenceTo(object), type, reason, action: 'Reconcile', note: message });
    if (type === 'Warning')
      this.#log.warn({ ...nameOf(object), reason, why: message }, 'an object does not stand well');
  }

  /** The clocks of a cluster and of this machine disagree: what people read of times here and there will not fit together. */
  skewed(object: Subject, milliseconds: number): void {
    const seconds = Math.round(Math.abs(milliseconds) / 1_000);
    const note = `The clock of the cluster is ${seconds} s ${milliseconds > 0 ? 'ahead of' : 'behind'} the operator's. Tokens end and renew by the cluster's; correct whichever clock is wrong.`;
    this.#events.record({
      regarding: referenceTo(object),
      type: 'Warning',
      reason: 'ClockSkew',
      action: 'Inventory',
      note,
    });
    this.#log.warn({ ...nameOf(object), skew: milliseconds }, 'the clocks disagree');
  }

  /** The operator's own credential ends before long. */
  credentialEnds(object: Subject, note: string): void {
    this.#events.record({
      regarding: referenceTo(object),
      type: 'Warning',
      reason: 'CredentialEnds',
      action: 'Connect',
      note,
    });
    this.#log.warn({ ...nameOf(object), why: note }, 'a credential ends before long');
  }

  /** The brake of an inventory holds. */
  held(object: Subject, note: string): void {
    this.#events.record({
      regarding: referenceTo(object),
      type: 'Warning',
      reason: 'InventoryHeld',
      action: 'Inventory',
      note,
    });
  }

  /** A step is about to be carried out. What is let go is told before: once the object is gone, a crash would leave no record. */
  before(step: Step, { object }: Observed): void {
    if (step.do !== 'removeFinalizer' || step.left.length === 0) return;
    this.#log.warn(
      { ...nameOf(object), audit: true, action: 'let go', ids: step.left, why: legible(step.because) },
      'tokens are left alive',
    );
  }

  /** A step was carried out. */
  step(step: Step, outcome: Outcome, o: Observed): void {
    const { object } = o;
    const who = nameOf(object);
    if (outcome.got === 'failure') {
      this.#log.warn({ ...who, step: step.do, failure: outcome.failure }, 'a step failed');
      return;
    }
    switch (step.do) {
      case 'mint':
        if (outcome.got !== 'created') return;
        this.#metrics.minted(object.kind);
        this.#audit(who, 'mint', outcome.created.info.id, REASON_OF[step.pending.cause]);
        break;
      case 'change':
        if (outcome.got !== 'token' || outcome.info === 'gone') return;
        this.#changed(o, step);
        break;
      case 'revoke':
        if (outcome.got !== 'revoked') return;
        this.#metrics.revoked(object.kind);
        this.#audit(who, 'revoke', step.id, step.why);
        this.#tell(o, 'Normal', 'Revoked', 'Revoke', `Revoked token ${step.id}: ${step.why}.`);
        break;
      case 'publish':
        if (outcome.got !== 'secret') return;
        this.#published(o, step.pending.cause, step.pending.created.info.id);
        break;
      case 'removeFinalizer':
        if (step.left.length > 0) this.#metrics.abandoned(object.kind);
        break;
      case 'addFinalizer':
      case 'lookAtObject':
      case 'lookAtSecret':
      case 'rehearse':
      case 'rewrite':
      case 'disown':
      case 'probe':
      case 'lookUp':
      case 'takeInventory':
      case 'deleteSecret':
      case 'remember':
        this.#log.debug({ ...who, step: step.do, got: outcome.got }, 'a step');
    }
  }

  /** The spec was in effect before, so nobody here asked for what the server showed. */
  #changed(o: Observed, { id, change }: Extract<Step, { do: 'change' }>): void {
    const ledger = ownLedger(o);
    const outside = ledger !== undefined && settled(o, ledger);
    const what = Object.keys(change).join(' and ');
    const why = outside ? `${what} changed outside the operator` : `${what} changed in the spec`;
    this.#audit(nameOf(o.object), 'change', id, why);
    if (outside) this.#tell(o, 'Warning', 'Restored', 'Change', `Token ${id}: ${why}; changed back.`);
    else this.#tell(o, 'Normal', 'Changed', 'Change', `Token ${id}: ${why}; changed in place.`);
  }

  #published(o: Observed, cause: MintCause, id: string): void {
    if (cause === 'first') return;
    this.#metrics.rotated(o.object.kind);
    const asked = cause === 'rotate' || cause === 'rotateImmediately' || cause === 'renewalDue' || bySpec(cause);
    const note = `${REASON_OF[cause]} The Secret now holds token ${id}.`;
    this.#tell(o, asked ? 'Normal' : 'Warning', asked ? 'Rotated' : 'Reissued', 'Issue', note);
  }

  #tell(o: Observed, type: 'Normal' | 'Warning', reason: string, action: string, note: string): void {
    this.#events.record({ regarding: referenceTo(o.object), type, reason, action, note });
  }

  #audit(who: object, action: string, id: string, why: string): void {
    this.#log.info({ ...who, audit: true, action, id, why }, `${action} of a token`);
  }
}

function nameOf({ kind, metadata: { namespace, name, uid } }: Subject): object {
  return { kind, ...(namespace === undefined ? {} : { namespace }), name, uid };
}

function referenceTo({ kind, metadata }: Subject): ObjectReference {
  const { name, namespace, uid } = metadata;
  return { apiVersion: API_VERSION, kind, name, uid, ...(namespace === undefined ? {} : { namespace }) };
}
