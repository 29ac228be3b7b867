// Asks the data API whether a token is active yet, with the least that a token can do.

import { parseJSON } from './api-json.ts';
import { readText, type HttpAnswer, type HttpClient, type HttpRequest } from './http.ts';
import type { Permission } from './issuer.ts';
import { Limiter } from './limiter.ts';
import { explain, NetworkFailure } from './network-failure.ts';
import { isHTML } from './outcome.ts';
import { printable } from './printable.ts';
import { bearer, type TokenString } from './token-string.ts';

const DEADLINE = 10_000;
/** After a mass rotation the data API has better things to do than to answer us. */
const MOST_AT_A_TIME = 4;

/** What a probe uses of a token: one action on one database. */
export interface ProbeTarget {
  readonly database: string;
  readonly action: 'read' | 'write';
}

/**
 * - `accepted`: the data API let the token in.
 * - `not-active`: 401. A new token needs seconds to minutes; the API also says 401 where the database does not exist.
 * - `forbidden`: 403: active, but not allowed what its permissions say.
 * - `no-database`: 404: active, but there is no such database.
 * - `no-verdict`: anything else tells nothing about the token (network, 5xx, HTML).
 *
 * Messages are printable and hold no secret.
 */
export type ProbeVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'not-active' }
  | { readonly kind: 'forbidden' | 'no-database' | 'no-verdict'; readonly message: string };

/** What to probe a token with: its first named database in the order of names, reading before writing; nothing for a token without one. */
export function probeTarget(permissions: readonly Permission[]): ProbeTarget | undefined {
  const named = permissions.filter(({ resource }) => resource !== '*');
  const [database] = named.map(({ resource }) => resource).sort();
  if (database === undefined) return undefined;
  const reads = named.some(({ resource, action }) => resource === database && action === 'read');
  return { database, action: reads ? 'read' : 'write' };
}

/** Probes tokens of one InfluxDB cluster, four at a time. */
export class DataAPIProbe {
  readonly #http: HttpClient;
  readonly #limiter = new Limiter(MOST_AT_A_TIME);

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** One attempt. Rejects only with the signal's reason. */
  probe(
    target: ProbeTarget & { readonly dataURL: string },
    token: TokenString,
    signal?: AbortSignal,
  ): Promise<ProbeVerdict> {
    return this.#limiter.run(() => this.#attempt(target, token, signal), signal);
  }

  async #attempt(
    target: ProbeTarget & { readonly dataURL: string },
    token: TokenString,
    signal: AbortSignal | undefined,
  ): Promise<ProbeVerdict> {
    const authorization = bearer(token);
    if (authorization === undefined) return noVerdict('the token cannot stand in a header');
    const request = requestFor(target);
    try {
      return await this.#http.exchange(
        { ...request, headers: { ...request.headers, authorization }, deadline: DEADLINE, signal },
        async (answer) => verdictOn(target, answer, await readText(answer), token),
      );
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
      signal?.throwIfAborted();
      return noVerdict(`${request.url.host}: ${explain(error.code, 'spec.dataURL')}`);
    }
  }
}

/** Reading asks for the name of one measurement; writing sends nothing to be written. */
function requestFor({
  dataURL,
  database,
  action,
}: ProbeTarget & { readonly dataURL: string }): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
  const url = new URL(dataURL);
  const base = url.pathname.replace(/\/+$/, '');
  if (action === 'read') {
    url.pathname = `${base}/query`;
    url.search = `?db=${encodeURIComponent(database)}&q=SHOW%20MEASUREMENTS%20LIMIT%201`;
    return { method: 'GET', url, headers: {} };
  }
  url.pathname = `${base}/api/v2/write`;
  url.search = `?bucket=${encodeURIComponent(database)}`;
  return { method: 'POST', url, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '' };
}

/**
 * What proves that a token was let in: for reading the answer to a query, an object with `results` (also if the query itself failed); for writing
 * 204, or a 400 in the API's own JSON, because the data API asks who is there before it looks at a body and only then finds that empty.
 * A mere 200 proves nothing: a login page says the same.
 */
function verdictOn(
  { database, action }: ProbeTarget,
  { status, headers }: HttpAnswer,
  text: string | undefined,
  token: TokenString,
): ProbeVerdict {
  if (status === 401) return { kind: 'not-active' };
  if (action === 'write' && status === 204) return { kind: 'accepted' };
  const json = parseJSON(text ?? '');
  if (action === 'read' && status === 200 && isObject(json) && 'results' in json) return { kind: 'accepted' };
  const said = errorIn(json);
  if (said === undefined)
    return noVerdict(`the data API answered ${status}${isHTML(headers) ? ' with HTML' : ''}; check spec.dataURL`);
  if (action === 'write' && status === 400) return { kind: 'accepted' };
  const message = (text: string): string => printable(`${text}: ${said}`, [token]);
  if (status === 403) return { kind: 'forbidden', message: message(`the data API forbids to ${action} ${database}`) };
  if (status === 404) return { kind: 'no-database', message: message(`the data API knows no database ${database}`) };
  return noVerdict(message(`the data API answered ${status}`));
}

/** The data API's errors: `{code, message}` of its v2 paths, `{error}` of its v1 paths. */
function errorIn(json: unknown): string | undefined {
  if (!isObject(json)) return undefined;
  const { message, error } = json;
  return [message, error].find((text) => typeof text === 'string');
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function noVerdict(message: string): ProbeVerdict {
  return { kind: 'no-verdict', message };
}
