// What must hold after every single thing that happens. I4 and I9 are checked where a request takes effect.

import type { TokenObject } from '../../src/resources/token-object.ts';
import type { LiveSecret } from '../../src/tokens/secret.ts';
import { mayBeString, tokenWith } from './influxdb.ts';
import { once } from './once.ts';
import { ledgerOf } from './readings.ts';
import { Violation, type ServerToken, type World } from './world.ts';

/** Throws the first promise that is broken in this world. */
export function check(w: World): void {
  for (const secret of w.secrets.values()) {
    const owner = w.belongs.get(secret.metadata.uid);
    if (owner === undefined || owner === 'stranger' || w.tampered.has(secret.metadata.uid)) continue;
    atMostOneReferenced(w, secret, owner);
    holdsNothingRevoked(w, secret, owner);
  }
  for (const [uid, { name, posts, published, reasons, failures }] of w.accounts) {
    if (published > 1 + reasons) {
      throw new Violation(
        'I8',
        `${published} tokens of ${name} (${uid}) were published for ${reasons} reasons to reissue`,
      );
    }
    const accounted = 1 + reasons + failures;
    if (posts > accounted && posts > accounted + inFlight(w, uid)) {
      throw new Violation('I8', `${posts} POSTs for ${name} (${uid}) with ${failures} failures and ${reasons} reasons`);
    }
  }
}

/** I1: a Secret names one token, and in an overlap one more that still lives. */
function atMostOneReferenced(w: World, { metadata }: LiveSecret, owner: string): void {
  const ledger = ledgerOf(metadata);
  if (ledger === undefined) return;
  const named = [ledger.tokenID, ...ledger.superseded.map(({ id }) => id)];
  const live = named.filter((id) => isLive(w.tokens.get(id)));
  if (live.length > 2) throw new Violation('I1', `the Secret of ${owner} names ${live.join(', ')}, all alive`);
}

/** I3: the string in the Secret of a living object, or in a retained one, is never that of a token that we revoked. */
function holdsNothingRevoked(w: World, secret: LiveSecret, owner: string): void {
  const revoked = tokensIn(w, secret).find(({ revokedBy, unfenced }) => revokedBy === 'operator' && unfenced !== true);
  if (revoked === undefined) return;
  const { name } = secret.metadata;
  const object = [...w.objects.values()].find(({ metadata }) => metadata.uid === owner);
  if (object !== undefined && object.metadata.deletionTimestamp === undefined) {
    if (isAnyones(secret, object)) return;
    throw new Violation(
      'I3',
      `Secret ${name} of ${object.metadata.name} holds ${revoked.info.id}, which an operator revoked`,
    );
  }
  // What a retained Secret names lives on; who takes the name off, or puts another in its place, gives the token up.
  const ledger = ledgerOf(secret.metadata);
  const named = [ledger?.tokenID, ...(ledger?.superseded ?? []).map(({ id }) => id)];
  const retained = w.accounts.get(owner)?.because === RETAINED && named.includes(revoked.info.id);
  if (object === undefined && retained && (secret.metadata.ownerReferences ?? []).length === 0) {
    throw new Violation('I3', `Secret ${name} was retained, and holds ${revoked.info.id}, which an operator revoked`);
  }
}

/** Whether neither a ledger, nor an owner and a status that was written before, tell whose Secret it is: a stranger took our annotations off. */
export function isAnyones({ metadata }: LiveSecret, object: TokenObject): boolean {
  if (ledgerOf(metadata) !== undefined) return false;
  return (metadata.ownerReferences ?? []).length === 0 || object.status?.token === undefined;
}

/** Why the plan lets an object go whose token is to live on. */
export const RETAINED = 'deletionPolicy: Retain';

/** Tokens whose string stands in the Secret. */
export function tokensIn(w: World, { data }: LiveSecret): ServerToken[] {
  if (data === undefined) return [];
  const tokens: ServerToken[] = [];
  for (const string of stringsIn(data)) {
    const token = tokenWith(w, string);
    if (token !== undefined) tokens.push(token);
  }
  return tokens;
}

/** What stands under the keys of a Secret and may be the string of a token, each once. */
const stringsIn = once((data: NonNullable<LiveSecret['data']>): readonly string[] => {
  const texts = Object.values(data).map((value) => Buffer.from(value, 'base64').toString());
  return [...new Set(texts)].filter(mayBeString);
});

/** Whether the server would let it in. */
export function isLive(token: ServerToken | undefined): boolean {
  return token !== undefined && token.info.revokedAt === undefined && token.forgotten !== true;
}

/** Attempts whose string is with a process, or that are only now known to have been made. */
function inFlight(w: World, uid: string): number {
  let count = 0;
  for (const { kept, passes } of w.processes) {
    for (const { uid: of, memory } of kept.values()) {
      if (of === uid && memory.pending !== undefined && memory.pending.givenUp !== true) count += 1;
    }
    for (const { request } of passes.values()) {
      if (request.uid === uid && request.ask.do === 'mint') count += 1;
    }
  }
  return count;
}
