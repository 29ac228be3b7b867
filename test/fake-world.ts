// A well-behaved InfluxDB and Kubernetes for one object, in memory: what a step comes to when nothing goes wrong.

import type { TokenInfo } from '../src/influxdb/issuer.ts';
import { TokenString } from '../src/influxdb/token-string.ts';
import { FINALIZER } from '../src/resources/group.ts';
import type { TokenObject } from '../src/resources/token-object.ts';
import { readLedger, writeLedger, type Ledger } from '../src/tokens/ledger.ts';
import { isOurs } from '../src/tokens/marker.ts';
import type { Observed, SecretView } from '../src/tokens/observed.ts';
import type { Outcome } from '../src/tokens/outcome.ts';
import type { Step } from '../src/tokens/step.ts';
import { id, OBJECT_UID, SECRET_UID, serverToken } from './builders.ts';

type PresentSecret = Extract<SecretView, { present: true }>;

/** Whatever is written has the layout that was wanted then. */
function laidOut({ layout }: Observed): Pick<Ledger, 'layout'> {
  return layout === undefined ? {} : { layout };
}

/** Both sides as they really are, whatever was observed of them. */
export class FakeWorld {
  object: TokenObject;
  /** `undefined`: there is no Secret of the name. */
  secret: PresentSecret | undefined;
  readonly tokens = new Map<string, TokenInfo>();
  #minted = 100;
  #version = 100;

  /** Everything is as it was observed, and every id that is named anywhere is a live token of ours. */
  constructor({ object, secret, memory }: Observed) {
    this.object = object;
    if (secret.present)
      this.secret = { ...secret, seen: 'live', intact: secret.intact ?? true, asWanted: secret.asWanted ?? true };
    const named = [
      object.status?.token?.id,
      ...(object.status?.superseded ?? []).map(({ id }) => id),
      ...(secret.present && secret.ledger !== undefined
        ? [secret.ledger.tokenID, ...secret.ledger.superseded.map(({ id }) => id)]
        : []),
    ];
    for (const one of named) if (one !== undefined) this.tokens.set(one, serverToken(Number(one.slice(-12))));
    const { pending } = memory;
    if (pending !== undefined) this.tokens.set(pending.created.info.id, pending.created.info);
  }

  /** The Secret as the watch shows it. */
  watched(): SecretView {
    if (this.secret === undefined) return { present: false, seen: 'cached' };
    const { intact: _, asWanted: __, ...rest } = this.secret;
    return { ...rest, seen: 'cached' };
  }

  carryOut(step: Step, o: Observed, now: number): Outcome {
    switch (step.do) {
      case 'addFinalizer':
        return this.#setFinalizers([...(this.object.metadata.finalizers ?? []), FINALIZER]);
      case 'removeFinalizer':
        return this.#setFinalizers((this.object.metadata.finalizers ?? []).filter((name) => name !== FINALIZER));
      case 'lookAtObject':
        return { got: 'object', object: this.object };
      case 'lookAtSecret':
        return { got: 'secret', secret: this.secret ?? { present: false, seen: 'live' }, wrote: false };
      case 'rehearse':
        return step.into === this.secret?.uid ? { got: 'rehearsed' } : { got: 'conflict' };
      case 'mint':
        return this.#mint(step, now);
      case 'publish':
        return this.#write(step.pending.base === undefined ? undefined : (step.pending.base.ledger ?? 'unchanged'), {
          ...step.ledger,
          ...laidOut(o),
          digest: `sha256:${step.pending.created.info.id}`,
        });
      case 'rewrite':
        return this.secret?.intact === true
          ? this.#write(step.from, { ...step.to, ...laidOut(o) })
          : { got: 'conflict' };
      case 'disown':
        return this.#disown(step.from);
      case 'probe':
        return { got: 'probed', tokenID: step.tokenID, verdict: { kind: 'accepted' } };
      case 'lookUp':
        return { got: 'token', id: step.id, info: this.tokens.get(step.id) ?? 'gone', at: now };
      case 'change': {
        const token = this.tokens.get(step.id);
        if (token === undefined) return { got: 'token', id: step.id, info: 'gone', at: now };
        const changed = { ...token, ...step.change };
        this.tokens.set(step.id, changed);
        return { got: 'token', id: step.id, info: changed, at: now };
      }
      case 'revoke': {
        const token = this.tokens.get(step.id);
        if (token === undefined) return { got: 'token', id: step.id, info: 'gone', at: now };
        this.tokens.set(step.id, { ...token, revokedAt: now });
        return { got: 'revoked', id: step.id };
      }
      case 'takeInventory':
        return { got: 'inventory', inventory: { begun: now, finished: now, knowsUs: true, tokens: this.#ours(o) } };
      case 'deleteSecret':
        if (this.secret?.uid === step.uid) this.secret = undefined;
        return { got: 'secret', secret: this.secret ?? { present: false, seen: 'live' }, wrote: false };
      case 'remember':
        return { got: 'nothing' };
    }
  }

  #setFinalizers(finalizers: readonly string[]): Outcome {
    this.object = { ...this.object, metadata: { ...this.object.metadata, finalizers } };
    return { got: 'object', object: this.object };
  }

  #mint({ request }: Extract<Step, { do: 'mint' }>, now: number): Outcome {
    this.#minted += 1;
    const info: TokenInfo = { ...request, id: id(this.#minted), createdAt: now };
    this.tokens.set(info.id, info);
    return { got: 'created', created: { info, string: new TokenString(`apiv1_${this.#minted}`) } };
  }

  /** @param base the ledger that must stand there; nothing: there must be no Secret */
  #write(base: Ledger | 'unchanged' | undefined, ledger: Ledger): Outcome {
    const { secret } = this;
    if ((base === undefined) !== (secret === undefined)) return { got: 'conflict' };
    if (typeof base === 'object' && base.tokenID !== secret?.ledger?.tokenID) return { got: 'conflict' };
    if (typeof base === 'object' && base.fence !== secret?.ledger?.fence) return { got: 'conflict' };
    const written = readLedger(writeLedger(ledger));
    const owner = this.object.spec.deletionPolicy === 'Retain' ? [] : [OBJECT_UID];
    this.#version += 1;
    this.secret = {
      present: true,
      seen: 'live',
      uid: secret?.uid ?? SECRET_UID,
      resourceVersion: String(this.#version),
      ...(written === undefined ? {} : { ledger: written }),
      owners: owner.map(() => `${this.object.kind}/${this.object.metadata.name}`),
      ownerUIDs: owner,
      terminating: false,
      foreignWriter: false,
      intact: true,
      asWanted: true,
    };
    return { got: 'secret', secret: this.secret, wrote: true };
  }

  #disown(from: Ledger | undefined): Outcome {
    const { secret } = this;
    if (secret === undefined || secret.ledger?.fence !== from?.fence) return { got: 'conflict' };
    const ledger = secret.ledger === undefined ? {} : { ledger: { ...secret.ledger, fence: secret.ledger.fence + 1 } };
    this.secret = { ...secret, ...ledger, owners: [], ownerUIDs: [] };
    return { got: 'secret', secret: this.secret, wrote: false };
  }

  #ours({ installation, object }: Observed): TokenInfo[] {
    return [...this.tokens.values()].filter(
      ({ description, revokedAt }) => revokedAt === undefined && isOurs(description, installation, object.metadata.uid),
    );
  }
}
