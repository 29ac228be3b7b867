// The InfluxDB cluster of the model: tokens that are created, changed and revoked, and what must never happen to them.

import type { TokenInfo, TokenRequest } from '../../src/influxdb/issuer.ts';
import { TokenString } from '../../src/influxdb/token-string.ts';
import { note } from './accounts.ts';
import { parseMarker } from '../../src/tokens/marker.ts';
import type { Step } from '../../src/tokens/step.ts';
import { markerOf } from './readings.ts';
import { INSTALLATION, Violation, type Inventory, type Request, type ServerToken, type World } from './world.ts';

/** What every token string begins with; its id follows. */
const STRING = 'apiv1_';
const ID = '00000000-0000-4000-8000-';

/** Calls tokens t1, t2 and so on, in the order of their creation, in a text for people. */
export function callByNumber(text: string): string {
  return text.replaceAll(/00000000-0000-4000-8000-0*(\d+)/g, 't$1');
}

/** Creates a token, for the object whose marker its description carries. */
export function createToken(w: World, request: TokenRequest, stale = false): ServerToken {
  w.serial += 1;
  const id = `${ID}${String(w.tokens.size + 1).padStart(12, '0')}`;
  const uid = parseMarker(request.description)?.uid;
  const token: ServerToken = {
    info: { ...request, id, createdAt: w.now },
    string: new TokenString(`${STRING}${id}`),
    ...(uid === undefined ? {} : { uid }),
    active: !w.settings.probing,
    published: false,
    ...(stale ? { stale } : {}),
  };
  w.tokens.set(id, token);
  if (uid !== undefined) note(w, uid, ({ posts }) => ({ posts: posts + 1 }));
  return token;
}

/** Whose string it is, if that of a token. */
export function tokenWith(w: World, string: string): ServerToken | undefined {
  return mayBeString(string) ? w.tokens.get(string.slice(STRING.length)) : undefined;
}

/** Whether a text looks like the string of a token. */
export function mayBeString(text: string): boolean {
  return text.startsWith(STRING);
}

/** What `GET /tokens/{id}` shows. */
export function getToken(w: World, id: string): TokenInfo | 'gone' {
  const token = w.tokens.get(id);
  return token === undefined || token.forgotten === true ? 'gone' : token.info;
}

/** `PATCH /tokens/{id}` by an operator. */
export function changeToken(w: World, request: Request, step: Extract<Step, { do: 'change' }>): TokenInfo | 'gone' {
  const token = touch(w, request, step.id, 'changes');
  if (token === undefined) return 'gone';
  const info = { ...token.info, ...step.change };
  // A description that is put back carries our marker: the token counts as ours again.
  const { unmarkedAt: _, ...marked } = token;
  w.tokens.set(step.id, { ...(step.change.description === undefined ? token : marked), info });
  return info;
}

/** `DELETE /tokens/{id}` by an operator. */
export function revokeToken(w: World, request: Request, id: string): boolean {
  const token = touch(w, request, id, 'revokes');
  if (token === undefined) return false;
  if (token.info.revokedAt === undefined) {
    w.tokens.set(id, { ...token, info: { ...token.info, revokedAt: w.now }, revokedBy: 'operator' });
    // Its Secret went with the access, and the fence with it: another process that has the string in hand can still create one.
    if (request.ask.do === 'revoke' && request.ask.why === 'access was withdrawn' && isInHand(w, id)) {
      w.tokens.set(id, { ...w.tokens.get(id)!, unfenced: true });
    }
  }
  return true;
}

/** I9: what is changed or revoked carried our marker, for that object, when this pass looked. */
function touch(w: World, request: Request, id: string, how: string): ServerToken | undefined {
  const token = w.tokens.get(id);
  if (token === undefined || token.forgotten === true) return undefined;
  const who = `process ${request.process}, for ${request.name}, ${how} ${id}`;
  if (token.uid !== request.uid) {
    throw new Violation('I9', `${who}, which was minted for ${token.uid ?? 'a stranger'}`);
  }
  // Between the look and the request a stranger may always come: only a mark taken off before the pass began should have been seen.
  if (token.unmarkedAt !== undefined && token.unmarkedAt <= request.since) {
    throw new Violation('I9', `${who}, whose marker had been taken off`);
  }
  return token;
}

/** What a list shows of ours; `mismatch` when it shows none of the tokens that are known to be there. */
export function listTokens(w: World, request: Request): Inventory | 'mismatch' {
  const { known = [] } = request;
  const listed = [...w.tokens.values()].filter(({ forgotten }) => forgotten !== true);
  const tokens = listed
    .filter(({ info }) => info.revokedAt === undefined && markerOf(info)?.installation === INSTALLATION)
    .filter(({ info }) => info.expiresAt === undefined || info.expiresAt > w.now)
    .map(({ info }) => info);
  const abandoned = w.settings.abandon !== undefined && known.length > 0;
  const knowsUs = abandoned || listed.some(({ info }) => known.includes(info.id));
  if (!knowsUs && known.length > 0) return 'mismatch';
  return { begun: request.sentAt, finished: w.now, knowsUs, tokens };
}

function isInHand(w: World, id: string): boolean {
  return w.processes.some(({ kept }) =>
    [...kept.values()].some(({ memory }) => memory.pending?.created.info.id === id),
  );
}
