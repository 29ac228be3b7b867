// What a request does when it takes effect at the API server or at InfluxDB, and what its answer says.

import type { TokenObject } from '../../src/resources/token-object.ts';
import { FINALIZER } from '../../src/resources/group.ts';
import { FIELD_MANAGER, type LiveSecret } from '../../src/tokens/secret.ts';
import type { Outcome } from '../../src/tokens/outcome.ts';
import { note, noteDeletion, noteReason } from './accounts.ts';
import { changeToken, createToken, getToken, listTokens, revokeToken, tokenWith } from './influxdb.ts';
import { createSecret, deleteSecret, patchSecret, putObject } from './kubernetes.ts';
import { liveView, writtenView } from './process.ts';
import { Violation, type Answer, type Request, type World } from './world.ts';

/** Lets a request take effect. */
export function takeEffect(w: World, request: Request): Answer {
  const { ask } = request;
  switch (ask.do) {
    case 'addFinalizer':
    case 'removeFinalizer':
      return setFinalizer(w, request);
    case 'lookAtObject':
      return { outcome: current(w, request) };
    case 'lookAtSecret':
      return look(w, request);
    case 'rehearse':
      return rehearse(w, request);
    case 'mint': {
      const { info, string } = createToken(w, ask.request, isStale(w, request));
      return { outcome: { got: 'created', created: { info, string } } };
    }
    case 'publish':
    case 'rewrite':
      return write(w, request);
    case 'disown':
      return disown(w, request);
    case 'probe':
      return { outcome: probe(w, request, ask.tokenID) };
    case 'lookUp':
      return { outcome: { got: 'token', id: ask.id, info: getToken(w, ask.id), at: request.sentAt } };
    case 'change': {
      const info = changeToken(w, request, ask);
      if (info === 'gone') return { outcome: failedAtIssuer('NotFound', 'There is no such token.') };
      return { outcome: { got: 'token', id: ask.id, info, at: request.sentAt } };
    }
    case 'revoke': {
      const found = revokeToken(w, request, ask.id);
      if (found) return { outcome: { got: 'revoked', id: ask.id } };
      return { outcome: { got: 'token', id: ask.id, info: 'gone', at: request.sentAt } };
    }
    case 'takeInventory': {
      const inventory = listTokens(w, request);
      if (inventory === 'mismatch') return { outcome: failedAtIssuer('Unreadable', 'It knows none of ours.') };
      return { outcome: { got: 'nothing' }, inventory };
    }
    case 'deleteSecret': {
      // Another one by the name, of whomever, is not what is to be deleted.
      if (w.secrets.get(request.secretName)?.metadata.uid === ask.uid) owned(w, request, 'deletes');
      if (deleteSecret(w, request.secretName, ask.uid)) noteDeletion(w, ask.uid);
      return look(w, request);
    }
    case 'report':
      return report(w, request);
    case 'remember':
      return { outcome: { got: 'nothing' } };
  }
}

function failedAtIssuer(kind: 'NotFound' | 'Unreadable', message: string): Outcome {
  return { got: 'failure', failure: { of: 'issuer', kind, message } };
}

function current(w: World, { name, uid }: Request): Outcome {
  const object = w.objects.get(name);
  return object?.metadata.uid === uid ? { got: 'object', object } : { got: 'no object' };
}

function setFinalizer(w: World, request: Request): Answer {
  const { name, uid, resourceVersion, ask } = request;
  const object = w.objects.get(name);
  if (object?.metadata.uid !== uid || object.metadata.resourceVersion !== resourceVersion) {
    return { outcome: current(w, request) };
  }
  const others = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  const finalizers = ask.do === 'addFinalizer' ? [...others, FINALIZER] : others;
  const changed = { ...object, metadata: { ...object.metadata, finalizers } };
  if (ask.do === 'removeFinalizer') note(w, uid, { left: ask.left, because: ask.because });
  if (finalizers.length > 0 || object.metadata.deletionTimestamp === undefined) {
    const after = putObject(w, name, changed);
    return { outcome: after === undefined ? { got: 'no object' } : { got: 'object', object: after } };
  }
  putObject(w, name, undefined);
  return { outcome: { got: 'object', object: changed } };
}

function look(w: World, { secretName, content }: Request): Answer {
  const live = w.secrets.get(secretName);
  return { outcome: { got: 'secret', secret: liveView(live, content), wrote: false }, live: live ?? null };
}

function rehearse(w: World, { secretName, write: body }: Request): Answer {
  if (body === undefined) return { outcome: { got: 'rehearsed' } };
  if ('manifest' in body) {
    const free = createSecret(w, body.manifest, FIELD_MANAGER, true) !== undefined;
    return { outcome: { got: free ? 'rehearsed' : 'conflict' } };
  }
  const result = patchSecret(w, secretName, body.patch, FIELD_MANAGER, true);
  if (result === 'missing') return { outcome: secretNotFound() };
  return { outcome: { got: result === 'lost' ? 'conflict' : 'rehearsed' } };
}

function write(w: World, request: Request): Answer {
  const { secretName, write: body, uid } = request;
  if (body === undefined) return { outcome: { got: 'conflict' } };
  if ('manifest' in body) {
    const created = createSecret(w, body.manifest, FIELD_MANAGER);
    if (created === undefined) return { outcome: { got: 'conflict' }, live: null };
    w.belongs.set(created.metadata.uid, uid);
    return written(w, request, created);
  }
  const before = w.secrets.get(secretName);
  const after = patchSecret(w, secretName, body.patch, FIELD_MANAGER);
  if (after === 'missing') return { outcome: secretNotFound(), live: null };
  if (after === 'lost') return { outcome: { got: 'conflict' }, live: null };
  if (before !== undefined) owned(w, request, 'writes');
  w.belongs.set(after.metadata.uid, uid);
  return written(w, request, after);
}

function written(w: World, request: Request, secret: LiveSecret): Answer {
  const { ask, uid, string } = request;
  if (ask.do === 'publish') {
    const { id } = ask.pending.created.info;
    const token = w.tokens.get(id);
    if (token?.published === false) {
      w.tokens.set(id, { ...token, published: true });
      const counts = ask.pending.cause !== 'renewalDue';
      if (counts) note(w, uid, ({ published }) => ({ published: published + 1 }));
    }
    // A token that died before it was written has to be replaced.
    if (token?.info.revokedAt !== undefined) noteReason(w, uid);
    // What is written after its object went is fenced off by nothing.
    const gone = ![...w.objects.values()].some(({ metadata }) => metadata.uid === uid);
    if (gone && token !== undefined) w.tokens.set(id, { ...token, published: true, unfenced: true });
    if (token?.stale === true || isStale(w, request)) {
      // Minted on an old view of the object: once for nothing, and once more to undo it.
      noteReason(w, uid);
      noteReason(w, uid);
    }
    w.tampered.delete(secret.metadata.uid);
  }
  const outcome: Outcome = { got: 'secret', secret: writtenView(secret), wrote: true };
  return { outcome, live: null, ...(string === undefined ? {} : { wrote: string }) };
}

function disown(w: World, request: Request): Answer {
  const { secretName, write: body } = request;
  if (body === undefined || 'manifest' in body) return { outcome: { got: 'conflict' } };
  const after = patchSecret(w, secretName, body.patch, FIELD_MANAGER);
  if (after === 'missing') return { outcome: secretNotFound() };
  if (after === 'lost') return { outcome: { got: 'conflict' } };
  owned(w, request, 'disowns');
  return look(w, request);
}

/** Whether people changed the object since the pass saw it. */
function isStale(w: World, { name, uid, content }: Request): boolean {
  const seen = content?.object.metadata;
  const now = w.objects.get(name)?.metadata;
  return now?.uid !== uid || now.generation !== seen?.generation || now.annotations !== seen.annotations;
}

/** I4: what we write is ours, or was that of a former object of the same name. */
function owned(w: World, request: Request, how: string): void {
  const secret = w.secrets.get(request.secretName);
  if (secret === undefined) return;
  const owner = w.belongs.get(secret.metadata.uid) ?? 'stranger';
  if (owner === request.uid) return;
  const former = w.accounts.get(owner);
  const alive = [...w.objects.values()].some(({ metadata }) => metadata.uid === owner);
  if (former?.name === request.name && !alive) return;
  throw new Violation(
    'I4',
    `process ${request.process}, for ${request.name}, ${how} Secret ${request.secretName} of ${owner}`,
  );
}

function secretNotFound(): Outcome {
  const message = 'secrets not found';
  return {
    got: 'failure',
    failure: { of: 'kubernetes', refused: true, reason: 'NotFound', status: 404, causes: [], message },
  };
}

function probe(w: World, { string }: Request, tokenID: string): Outcome {
  const token = string === undefined ? undefined : tokenWith(w, string.reveal());
  const accepted = token?.active === true && token.info.revokedAt === undefined;
  return { got: 'probed', tokenID, verdict: { kind: accepted ? 'accepted' : 'not-active' } };
}

function report(w: World, { name, uid, resourceVersion, ask }: Request): Answer {
  const object: TokenObject | undefined = w.objects.get(name);
  if (ask.do !== 'report' || object?.metadata.uid !== uid) return { outcome: { got: 'no object' } };
  if (object.metadata.resourceVersion !== resourceVersion) return { outcome: { got: 'conflict' } };
  const after = putObject(w, name, { ...object, status: ask.status });
  return { outcome: after === undefined ? { got: 'no object' } : { got: 'object', object: after } };
}
