// Everything that can happen in the model, each told as a sentence, so that a schedule reads as a story.

import type { Failure } from '../../src/tokens/outcome.ts';
import { noteDeletion } from './accounts.ts';
import { takeEffect } from './effects.ts';
import { garbage, deleteSecret } from './kubernetes.ts';
import { answerPass, failPass, startPass, type Brain } from './pass.ts';
import { people, type PeopleAction } from './people.ts';
import { deliver, restart } from './process.ts';
import { beginSweep, finishListing } from './sweep.ts';
import { strangers, type StrangerAction } from './strangers.ts';
import { tellAnswer, tellRequest } from './story.ts';
import type { Answer, Request, World } from './world.ts';

/** What becomes of a request whose sender waits no more. */
export type Fate = 'done' | 'never' | 'later';

/** One thing that happens. Where it makes no sense in a world, nothing happens. */
export type Action =
  | { readonly do: 'start'; readonly p: number; readonly name: string }
  /** The request takes effect and its answer arrives. */
  | { readonly do: 'step'; readonly p: number; readonly name: string }
  | { readonly do: 'effect'; readonly p: number; readonly name: string }
  | { readonly do: 'answer'; readonly p: number; readonly name: string }
  /** The answer is lost; the request was done, or never arrives, or arrives later. */
  | { readonly do: 'lose'; readonly p: number; readonly name: string; readonly fate: Fate }
  /** The server says no: nothing happens. */
  | { readonly do: 'refuse'; readonly p: number; readonly name: string }
  | { readonly do: 'crash'; readonly p: number; readonly fate: Fate }
  /** A request arrives whose sender waits no more. */
  | { readonly do: 'arrive' }
  | { readonly do: 'deliver'; readonly p: number; readonly what: 'objects' | 'secrets' | 'cluster' }
  | { readonly do: 'list'; readonly p: number }
  | { readonly do: 'collectGarbage' }
  | { readonly do: 'activate' }
  | { readonly do: 'wait'; readonly ms: number }
  | StrangerAction
  | PeopleAction;

/** Lets it happen; answers what happened in words, or `undefined` when nothing did. */
export function act(w: World, brain: Brain, action: Action): string | undefined {
  if ('person' in action) return people(w, action);
  switch (action.do) {
    case 'start': {
      const { p, name } = action;
      if (!startPass(w, brain, p, name)) return undefined;
      const request = w.processes[p]?.passes.get(name)?.request;
      return `process ${p} looks at ${name}: ${request === undefined ? 'nothing to do' : `sends ${tellRequest(request)}`}`;
    }
    case 'step': {
      const effected = effect(w, action.p, action.name);
      const answered = answer(w, brain, action.p, action.name);
      return effected ?? answered;
    }
    case 'effect':
      return effect(w, action.p, action.name);
    case 'answer':
      return answer(w, brain, action.p, action.name);
    case 'lose':
      return lose(w, brain, action.p, action.name, action.fate);
    case 'refuse':
      return refuse(w, brain, action.p, action.name);
    case 'crash':
      return crash(w, action.p, action.fate);
    case 'arrive':
      return arrive(w);
    case 'deliver':
      return hear(w, action.p, action.what);
    case 'list':
      return list(w, action.p);
    case 'collectGarbage':
      return collectGarbage(w);
    case 'activate':
      return activate(w);
    case 'wait':
      w.now += action.ms;
      return `${action.ms >= 60_000 ? `${action.ms / 60_000} min` : `${action.ms} ms`} pass`;
    case 'create Secret':
    case 'delete Secret':
    case 'edit string':
    case 'strip label':
    case 'strip ledger':
    case 'forge token':
    case 'forge superseded':
    case 'revoke token':
    case 'unmark token':
    case 'alter token':
    case 'forget token':
    case 'create token':
      return strangers(w, action);
  }
}

function requestOf(w: World, p: number, name: string): Request | undefined {
  return w.processes[p]?.passes.get(name)?.request;
}

function effect(w: World, p: number, name: string): string | undefined {
  const request = requestOf(w, p, name);
  if (request === undefined || request.answer !== undefined) return undefined;
  const result = take(w, request);
  const { passes } = w.processes[p]!;
  passes.set(name, { ...passes.get(name)!, request: { ...request, answer: result } });
  return `process ${p}, for ${name}: ${tellRequest(request)} → ${tellAnswer(result)}`;
}

/** Reads take no time, so that it makes no difference in which order independent ones come. */
function take(w: World, request: Request): Answer {
  if (!LOOKS.has(request.ask.do)) w.now += 1;
  return takeEffect(w, request);
}

const LOOKS: ReadonlySet<string> = new Set(['lookAtObject', 'lookAtSecret', 'lookUp', 'rehearse', 'probe']);

function answer(w: World, brain: Brain, p: number, name: string): string | undefined {
  const request = requestOf(w, p, name);
  if (request?.answer === undefined) return undefined;
  answerPass(w, brain, p, name);
  return `process ${p}, for ${name}: hears the answer to ${tellRequest(request)}`;
}

function lose(w: World, brain: Brain, p: number, name: string, fate: Fate): string | undefined {
  const request = requestOf(w, p, name);
  if (request === undefined) return undefined;
  if (request.ask.do === 'report' && fate === 'later') return undefined;
  const how = abandon(w, request, fate);
  failPass(w, brain, p, name, lost(request));
  return `process ${p}, for ${name}: the answer to ${tellRequest(request)} is lost${how}`;
}

/** The sender gives up; its request may have been done already, is done now, arrives later, or never. */
function abandon(w: World, request: Request, fate: Fate): string {
  if (request.answer !== undefined) return ' (it was done)';
  switch (fate) {
    case 'done':
      take(w, request);
      return ' (it is done)';
    case 'later':
      w.afloat.push(request);
      return ' (it is still on its way)';
    case 'never':
      return ' (it never arrives)';
  }
}

/** Steps that go to InfluxDB. */
const CHANGES: ReadonlySet<string> = new Set(['mint', 'change', 'revoke']);
const READS: ReadonlySet<string> = new Set(['lookUp', 'takeInventory']);

function lost({ ask }: Request): Failure {
  const message = 'no answer';
  if (CHANGES.has(ask.do)) return { of: 'issuer', kind: 'OutcomeUnknown', message };
  if (READS.has(ask.do)) return { of: 'issuer', kind: 'Unavailable', message };
  return { of: 'kubernetes', refused: false, reason: 'Timeout', causes: [], message };
}

function refuse(w: World, brain: Brain, p: number, name: string): string | undefined {
  const request = requestOf(w, p, name);
  if (request === undefined || request.answer !== undefined) return undefined;
  const { ask } = request;
  if (ask.do === 'probe') return undefined;
  const message = 'no';
  const atIssuer = CHANGES.has(ask.do) || READS.has(ask.do);
  const failure: Failure = atIssuer
    ? { of: 'issuer', kind: 'Unavailable', message }
    : { of: 'kubernetes', refused: true, reason: 'Forbidden', status: 403, causes: [], message };
  failPass(w, brain, p, name, failure);
  return `process ${p}, for ${name}: ${tellRequest(request)} is refused`;
}

function crash(w: World, p: number, fate: Fate): string | undefined {
  const process = w.processes[p];
  if (process === undefined) return undefined;
  const said: string[] = [];
  for (const { request } of process.passes.values()) {
    const how = abandon(w, request, fate);
    if (request.ask.do === 'mint') noteLost(w, request);
    said.push(`${tellRequest(request)} for ${request.name}${how}`);
  }
  restart(w, process);
  return `process ${p} crashes${said.length === 0 ? '' : ` with ${said.join(', ')}`} and begins anew`;
}

function noteLost(w: World, { uid }: Request): void {
  const account = w.accounts.get(uid);
  if (account !== undefined) w.accounts.set(uid, { ...account, failures: account.failures + 1 });
}

function arrive(w: World): string | undefined {
  const request = w.afloat.shift();
  if (request === undefined) return undefined;
  return `late: ${tellRequest(request)} of process ${request.process} for ${request.name} → ${tellAnswer(take(w, request))}`;
}

function hear(w: World, p: number, what: 'objects' | 'secrets' | 'cluster'): string | undefined {
  const process = w.processes[p];
  if (process === undefined) return undefined;
  if (what !== 'cluster') return deliver(process, what) ? `process ${p} hears of a change of ${what}` : undefined;
  if (process.settings === w.settings) return undefined;
  if (process.settings.uid !== w.settings.uid) process.inventory = undefined;
  process.settings = w.settings;
  return `process ${p} hears of the InfluxDBCluster's settings`;
}

function list(w: World, p: number): string | undefined {
  const process = w.processes[p];
  if (process === undefined) return undefined;
  w.now += 1;
  return process.listing === undefined ? beginSweep(w, p) : finishListing(w, p);
}

function collectGarbage(w: World): string | undefined {
  const names = garbage(w);
  for (const name of names) {
    noteDeletion(w, w.secrets.get(name)?.metadata.uid ?? '');
    deleteSecret(w, name);
  }
  return names.length === 0 ? undefined : `the garbage collector deletes ${names.join(', ')}`;
}

function activate(w: World): string | undefined {
  const waiting: string[] = [];
  for (const [id, token] of w.tokens) {
    if (token.active) continue;
    w.tokens.set(id, { ...token, active: true });
    waiting.push(id);
  }
  return waiting.length === 0 ? undefined : `${waiting.join(', ')} become active`;
}
