// When faults stop: one healthy process brings everything to rest, and then all that was promised has to hold.

import { isDeepStrictEqual } from 'node:util';

import { secretKeys } from '../../src/resources/defaults.ts';
import { isReason, REASONS } from '../../src/resources/reasons.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import type { LiveSecret } from '../../src/tokens/secret.ts';
import { wantedOf } from '../../src/tokens/wanted.ts';
import { act, type Action } from './actions.ts';
import { check, isAnyones, isLive, RETAINED, tokensIn } from './invariants.ts';
import type { Brain } from './pass.ts';
import { ledgerOf, markerOf } from './readings.ts';
import { HOUR } from './specs.ts';
import { INSTALLATION, Violation, type ServerToken, type World } from './world.ts';

const MINUTE = 60_000;

/** More rounds than any schedule needs. */
const MOST_ROUNDS = 80;
/** Pauses in which nothing may happen before it counts as rest: the last overlap ends in them, and the budget recovers. */
const CALM = [5 * MINUTE, 10 * MINUTE, HOUR, HOUR, HOUR];
/** Who is due so soon is in the middle of something. */
const SOON = 2 * MINUTE;

/** Lets faults stop and everything come to rest, then checks what holds at rest. Tells what happened to `tell`. */
export function comeToRest(w: World, brain: Brain, tell: (line: string) => void): void {
  let lines: string[] = [];
  const flush = (): void => {
    for (const line of lines) tell(line);
    lines = [];
  };
  const happen = (action: Action): boolean => {
    const said = act(w, brain, action);
    if (said === undefined) return false;
    lines.push(said);
    check(w);
    return true;
  };
  tell('— faults stop —');
  try {
    endFaults(w, happen);
    let calm = 0;
    for (let rounds = 0; calm < CALM.length; rounds += 1) {
      if (rounds === MOST_ROUNDS) throw new Violation('I7', `not at rest after ${MOST_ROUNDS} rounds`);
      flush();
      const before = fingerprint(w);
      round(w, happen);
      const due = wakeUp(w) - w.now;
      const still = before === fingerprint(w);
      // Nobody wants to read of a round in which nothing happened.
      if (still) lines = [];
      calm = still && due > SOON ? calm + 1 : 0;
      happen({ do: 'wait', ms: Math.max(1, due > SOON ? (CALM[calm] ?? 1) : due) });
    }
    lines = [];
    atRest(w);
  } finally {
    flush();
  }
}

function endFaults(w: World, happen: (action: Action) => boolean): void {
  while (w.afloat.length > 0) happen({ do: 'arrive' });
  for (let p = 1; p < w.processes.length; p += 1) happen({ do: 'crash', p, fate: 'never' });
  happen({ person: true, do: 'suspend cluster', name: '', suspended: false });
  // A server that lost tokens looks like another one, until an administrator says that they are gone for good.
  const lost = [...w.tokens.values()].some(({ forgotten }) => forgotten === true);
  if (lost) happen({ person: true, do: 'abandon', name: '' });
  for (const [name, { spec }] of w.objects) {
    if (spec.suspend === true) happen({ person: true, do: 'suspend', name, suspend: false });
  }
}

/** Watches catch up, an inventory is taken, and every object gets a pass. */
function round(w: World, happen: (action: Action) => boolean): void {
  const catchUp = (): void => {
    happen({ do: 'collectGarbage' });
    happen({ do: 'deliver', p: 0, what: 'cluster' });
    while (happen({ do: 'deliver', p: 0, what: 'objects' }));
    while (happen({ do: 'deliver', p: 0, what: 'secrets' }));
  };
  happen({ do: 'activate' });
  catchUp();
  if (w.processes[0]?.listing !== undefined) happen({ do: 'list', p: 0 });
  happen({ do: 'list', p: 0 });
  happen({ do: 'list', p: 0 });
  const names = new Set([...(w.processes[0]?.objects.keys() ?? []), ...(w.processes[0]?.passes.keys() ?? [])]);
  for (const name of names) {
    // One that was under way first ends, then comes one that saw everything.
    while (happen({ do: 'step', p: 0, name }));
    catchUp();
    happen({ do: 'start', p: 0, name });
    while (happen({ do: 'step', p: 0, name }));
    catchUp();
  }
}

/** When a pass is due again. */
function wakeUp(w: World): number {
  const wakeUps = [...(w.processes[0]?.kept.values() ?? [])].map(({ wakeAt }) => wakeAt ?? Infinity);
  return Math.min(Infinity, ...wakeUps);
}

/** Everything that a write would change. */
function fingerprint(w: World): string {
  const objects = [...w.objects.values()].map(({ metadata }) => metadata.resourceVersion);
  const secrets = [...w.secrets.values()].map(({ metadata }) => metadata.resourceVersion);
  const tokens = [...w.tokens.values()].map(({ info }) => `${info.id} ${info.description} ${info.revokedAt ?? ''}`);
  return [...objects, ...secrets, ...tokens].join();
}

function atRest(w: World): void {
  for (const object of w.objects.values()) converged(w, object);
  for (const token of w.tokens.values()) {
    if (token.uid !== undefined && isLive(token) && token.unmarkedAt === undefined) referenced(w, token, token.uid);
  }
}

/** I7: the object's token is as its spec asks, and its status says so; or it says what a person must do. */
function converged(w: World, object: TokenObject): void {
  const { name, uid, generation } = object.metadata;
  const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
  const wrong = (what: string): Violation =>
    new Violation('I7', `at rest, ${name} ${what} (${ready?.reason ?? 'no status'})`);
  if (object.metadata.deletionTimestamp !== undefined) throw wrong('is still there');
  if (ready === undefined || !isReason(ready.reason)) throw wrong('has no condition');
  if (ready.observedGeneration !== generation) throw wrong('shows another generation');
  if (REASONS[ready.reason].class === 'stalled') {
    if (excused(w, object, ready.reason)) return;
    throw wrong('waits for a person without need');
  }
  if (REASONS[ready.reason].class !== 'good') throw wrong('is not ready');
  const secret = w.secrets.get(object.spec.secret?.name ?? name);
  if (secret === undefined) throw wrong('has no Secret');
  const ledger = ledgerOf(secret.metadata);
  if (ledger?.object.endsWith(`/${uid}`) !== true) throw wrong('has a Secret whose ledger names another');
  const token = w.tokens.get(ledger.tokenID);
  if (token === undefined || !isLive(token)) throw wrong(`has ${ledger.tokenID}, which is dead`);
  if (!tokensIn(w, secret).some(({ info }) => info.id === token.info.id))
    throw wrong('has a Secret with another string');
  if (object.status?.token?.id !== ledger.tokenID) throw wrong('names another token in its status');
  const { token: key, url } = secretKeys(object.spec);
  const keys = Object.keys(secret.data ?? {}).filter((other) => tokensIn(w, pick(secret, other)).length > 0);
  if (!isDeepStrictEqual(keys, [key])) throw wrong(`has tokens under the keys ${keys.join()} of its Secret`);
  if (url !== undefined && decoded(secret, url) !== w.settings.dataURL)
    throw wrong(`has ${decoded(secret, url)} as the URL in its Secret`);
  if (!isDeepStrictEqual(token.info.permissions, wantedOf(object, object.spec).permissions))
    throw wrong(`has ${token.info.id} with other permissions`);
  const text = object.spec.description ?? `${object.metadata.namespace}/${name}`;
  if (!token.info.description.startsWith(`${text} [`))
    throw wrong(`has ${token.info.id} described as "${token.info.description}"`);
}

/** The Secret with one of its keys alone: what strangers put under others is theirs. */
function pick({ metadata, data = {} }: LiveSecret, key: string): LiveSecret {
  return { metadata, data: { [key]: data[key] ?? '' } };
}

function decoded({ data = {} }: LiveSecret, key: string): string {
  return Buffer.from(data[key] ?? '', 'base64').toString();
}

/** Whether a person really has to act. */
function excused(w: World, object: TokenObject, reason: string): boolean {
  const { name, uid } = object.metadata;
  switch (reason) {
    case 'AccessDenied':
      return w.settings.denied.includes(name);
    case 'SecretConflict': {
      const secret = w.secrets.get(object.spec.secret?.name ?? name);
      if (secret === undefined) return false;
      return isAnyones(secret, object) || w.belongs.get(secret.metadata.uid) !== uid;
    }
    case 'InvalidSpec':
      return object.spec.description === 'not valid';
    default:
      return false;
  }
}

/** I2 and I6: a live token of ours is named by the Secret of its object, or was let go by a recorded decision. */
function referenced(w: World, { info }: ServerToken, uid: string): void {
  const account = w.accounts.get(uid);
  const object = [...w.objects.values()].find(({ metadata }) => metadata.uid === uid);
  for (const { metadata } of w.secrets.values()) {
    const ledger = ledgerOf(metadata);
    if (ledger?.tokenID === info.id || ledger?.superseded.some(({ id }) => id === info.id)) return;
  }
  if (object === undefined) {
    if (account?.left?.includes(info.id) === true || account?.because === RETAINED) return;
    throw new Violation('I6', `${info.id} of ${account?.name ?? uid}, which is gone, still lives`);
  }
  const reason = object.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  // Where the Secret may not be written, an orphan waits.
  if (reason === undefined || !isReason(reason) || REASONS[reason].class === 'stalled') return;
  if (markerOf(info)?.installation !== INSTALLATION) return;
  throw new Violation('I2', `${info.id} of ${object.metadata.name} still lives, and no Secret names it`);
}
