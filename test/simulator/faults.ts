// What can be made to go wrong: rules that say which request is struck, and what each fault does to an answer.

import { apiError, empty, htmlPage } from './answers.ts';
import type { Answer, Surface } from './answers.ts';

/** Which requests are struck. What is left out matches everything. */
export interface FaultMatch {
  readonly method?: string;
  /** A regular expression (its source, so that it travels as JSON) searched for in the path with its query. */
  readonly path?: string;
  /** How many matching requests pass first; 0 when left out. */
  readonly skip?: number;
  /** How many are then struck; all when left out. */
  readonly times?: number;
}

/**
 * Faults in place of the answer. With `effect` the request has its effect first, as if the answer had been lost; without it, none.
 * - `status`: another status, with a body of the API, a proxy's page or none, and `Retry-After` (seconds or an HTTP date).
 * - `reset`: the connection is reset. `hang`: nothing is ever answered.
 * - `redirect`: to `location`, 307 unless told.
 * - `body`: 200 with this body, whatever it is (an empty list, `null`, another service's JSON).
 */
type Substitute = { readonly effect?: boolean } & (
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: 'api' | 'html' | 'empty';
      readonly retryAfter?: number | string;
    }
  | { readonly kind: 'reset' | 'hang' }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  | { readonly kind: 'body'; readonly body: string; readonly contentType?: string }
);

/**
 * Faults that spoil the real answer; the request has its effect.
 * - `delay`: the answer comes late; with `effect: false` the effect is late as well, and takes place even if the client has gone.
 * - `twice`: a proxy has sent the request again: it has its effect twice, the answer is the second one.
 * - `cut`: the connection ends in the middle of the body. `malformed`: half of the JSON, as if it were all.
 * - `contentType`: the right body under a wrong name.
 * - `alter`: fields of the object, or of every object of a list, are replaced, or left out where the value is `null`.
 * - `duplicate`: every entry of a list comes twice.
 * - `huge`: white space of that many bytes before the JSON, which stays valid. `slow`: the body takes that long to come.
 */
type Distortion =
  | { readonly kind: 'delay'; readonly milliseconds: number; readonly effect?: boolean }
  | { readonly kind: 'twice' | 'cut' | 'malformed' | 'duplicate' }
  | { readonly kind: 'contentType'; readonly contentType: string }
  | { readonly kind: 'alter'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'huge'; readonly bytes: number }
  | { readonly kind: 'slow'; readonly milliseconds: number };

/** A fault and the requests it strikes. */
export type Fault = FaultMatch & (Substitute | Distortion);

/** How an answer is to travel. */
export type Delivery =
  | { readonly manner: 'whole' | 'cut'; readonly answer: Answer }
  | { readonly manner: 'slow'; readonly answer: Answer; readonly milliseconds: number }
  | { readonly manner: 'reset' | 'hang'; readonly answer: Answer };

interface Rule {
  readonly fault: Fault;
  readonly path: RegExp;
  seen: number;
}

/** The rules in force. Of several that match, the oldest strikes; each counts its own matches. */
export class FaultRules {
  readonly #rules = new Set<Rule>();

  /** The result withdraws the rule. */
  add(fault: Fault): () => void {
    const rule = { fault, path: new RegExp(fault.path ?? ''), seen: 0 };
    this.#rules.add(rule);
    return () => {
      this.#rules.delete(rule);
    };
  }

  clear(): void {
    this.#rules.clear();
  }

  /** The fault that strikes this request; asking counts. */
  take(method: string, path: string): Fault | undefined {
    for (const rule of this.#rules) {
      const { skip = 0, times = Infinity } = rule.fault;
      if ((rule.fault.method ?? method) !== method || !rule.path.test(path)) continue;
      rule.seen++;
      if (rule.seen >= skip + times) this.#rules.delete(rule);
      if (rule.seen > skip) return rule.fault;
    }
    return undefined;
  }
}

/** Carries out a fault. `handle` gives the request its effect and returns the real answer. */
export async function strike(
  fault: Fault,
  surface: Surface,
  handle: () => Answer,
  wait: (milliseconds: number) => Promise<void>,
): Promise<Delivery> {
  if (fault.kind !== 'delay') return struck(fault, surface, handle);
  const early = fault.effect === false ? undefined : handle();
  await wait(fault.milliseconds);
  return { manner: 'whole', answer: early ?? handle() };
}

function struck(fault: Exclude<Fault, { kind: 'delay' }>, surface: Surface, handle: () => Answer): Delivery {
  switch (fault.kind) {
    case 'reset':
    case 'hang':
      return { manner: fault.kind, answer: instead(fault, handle, empty(0)) };
    case 'status':
      return sent(instead(fault, handle, refusal(fault, surface)));
    case 'redirect': {
      const headers = { location: fault.location };
      return sent(instead(fault, handle, empty(fault.status ?? 307, { headers })));
    }
    case 'body': {
      const headers = { 'content-type': fault.contentType ?? 'application/json' };
      return sent(instead(fault, handle, { ...empty(200, { headers }), body: fault.body }));
    }
    case 'twice':
      handle();
      return sent(handle());
    case 'cut':
      return { manner: 'cut', answer: handle() };
    case 'slow':
      return { manner: 'slow', answer: handle(), milliseconds: fault.milliseconds };
    case 'contentType': {
      const { headers, ...answer } = handle();
      return sent({ ...answer, headers: { ...headers, 'content-type': fault.contentType } });
    }
    case 'malformed': {
      const { body, ...answer } = handle();
      const text = whole(body);
      return sent({ ...answer, body: text.slice(0, text.length / 2) });
    }
    case 'alter':
      return sent(reworked(handle(), (value) => altered(value, fault.fields)));
    case 'duplicate':
      return sent(reworked(handle(), duplicated));
    case 'huge':
    default: {
      const { body, ...answer } = handle();
      return sent({ ...answer, body: padded(body, fault.bytes) });
    }
  }
}

function sent(answer: Answer): Delivery {
  return { manner: 'whole', answer };
}

/** The body as one string. */
export function whole(body: Answer['body']): string {
  return typeof body === 'string' ? body : [...body].join('');
}

/** The substitute, with the record of what the request did all the same. */
function instead(fault: { readonly effect?: boolean }, handle: () => Answer, substitute: Answer): Answer {
  if (!fault.effect) return substitute;
  const { effect, tokenId } = handle();
  return { ...substitute, effect, ...(tokenId !== undefined && { tokenId }) };
}

function refusal(fault: Extract<Fault, { kind: 'status' }>, surface: Surface): Answer {
  const bodies = {
    api: () => apiError(surface, fault.status),
    html: () => htmlPage(fault.status),
    empty: () => empty(fault.status),
  };
  const answer = bodies[fault.body ?? 'api']();
  if (fault.retryAfter === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(fault.retryAfter) } };
}

/** Leaves alone what is not JSON: an empty answer, an ingress's page. */
function reworked(answer: Answer, rework: (value: unknown) => unknown): Answer {
  if (!answer.headers['content-type']?.startsWith('application/json')) return answer;
  return { ...answer, body: JSON.stringify(rework(JSON.parse(whole(answer.body)))) };
}

function altered(value: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((entry) => altered(entry, fields));
  const changed = { ...Object(value), ...fields };
  return Object.fromEntries(Object.entries(changed).filter(([name]) => fields[name] !== null));
}

function duplicated(value: unknown): unknown {
  return Array.isArray(value) ? value.flatMap((entry: unknown) => [entry, entry]) : value;
}

function* padded(body: Answer['body'], bytes: number): Generator<string> {
  const blank = ' '.repeat(65_536);
  for (let left = bytes; left > 0; left -= blank.length) yield blank.slice(0, left);
  yield* typeof body === 'string' ? [body] : body;
}
