// The token issuer of InfluxDB Clustered and Cloud Dedicated: their Management API over HTTP.

import type { Clock } from '../controller/clock.ts';
import { MalformedArray } from '../json-array.ts';
import { isTokenID, parseJSON, readCreatedToken, readTokenInfo, type Reading } from './api-json.ts';
import { skewFromDate } from './clock-skew.ts';
import { IssuerError } from './errors.ts';
import { readText, type HttpAnswer, type HttpClient, type HttpRequest } from './http.ts';
import type { CreatedToken, Permission, TokenInfo, TokenIssuer, TokenList, TokenRequest } from './issuer.ts';
import { NetworkFailure } from './network-failure.ts';
import {
  errorForAnswer,
  errorForContent,
  errorForCredential,
  errorForFailure,
  errorForID,
  type Operation,
} from './outcome.ts';
import { printable } from './printable.ts';
import { readTokenList } from './token-list.ts';
import { bearer, type TokenString } from './token-string.ts';

/** For everything but a list. Shorter than the operator's Lease (15 s), so that no change is under way when another takes over. */
const DEADLINE = 10_000;
/** A list only ever grows, as revoked tokens stay in it. */
const LIST_DEADLINE = 120_000;

/** Which product, and so the one thing in which the two differ for us: the path. */
export type Product =
  | { readonly product: 'Clustered' }
  | { readonly product: 'CloudDedicated'; readonly accountID: string; readonly clusterID: string };

/** Where a product keeps its tokens, below the cluster's `spec.url`, whose own path is kept. */
export function tokensURL(base: string, product: Product): URL {
  const path =
    product.product === 'Clustered'
      ? '/api/v0/tokens'
      : `/api/v0/accounts/${encodeURIComponent(product.accountID)}/clusters/${encodeURIComponent(product.clusterID)}/tokens`;
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  return url;
}

/** What a `ManagementAPI` needs. */
export interface ManagementAPIOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** See `tokensURL`. */
  readonly url: URL;
  /** Asked before every request, so that a replaced credential holds from the next one on. */
  readonly credential: () => TokenString;
}

/** One request as its method describes it. */
interface Call {
  /** As messages name it: `creating a token`. */
  readonly name: string;
  readonly method: HttpRequest['method'];
  readonly id?: string;
  readonly json?: object;
  readonly deadline?: number;
  readonly signal: AbortSignal | undefined;
}

/** InfluxDB 3 Clustered and Cloud Dedicated, Management API v0, database tokens. */
export class ManagementAPI implements TokenIssuer {
  readonly #options: ManagementAPIOptions;
  #clockSkew = 0;

  constructor(options: ManagementAPIOptions) {
    this.#options = options;
  }

  get clockSkew(): number {
    return this.#clockSkew;
  }

  list(keep: (token: TokenInfo) => boolean, signal?: AbortSignal, containing?: string): Promise<TokenList> {
    const call: Call = { name: 'listing tokens', method: 'GET', deadline: LIST_DEADLINE, signal };
    return this.#exchange(call, async (answer, operation) => {
      // 206 and the like are not the whole list.
      if (answer.status !== 200) throw errorForContent(operation, answer, `its status is ${answer.status}, not 200`);
      try {
        return await readTokenList(answer.body, keep, containing);
      } catch (error) {
        if (error instanceof MalformedArray) throw errorForContent(operation, answer, error.message);
        throw error;
      }
    });
  }

  create(request: TokenRequest, signal?: AbortSignal): Promise<CreatedToken> {
    const { description, permissions, expiresAt } = request;
    const json = {
      description,
      permissions,
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    };
    const call: Call = { name: 'creating a token', method: 'POST', json, signal };
    return this.#readObject(call, (answer) => readCreatedToken(answer, request));
  }

  async get(id: string, signal?: AbortSignal): Promise<TokenInfo | undefined> {
    const call: Call = { name: `reading token ${printable(id)}`, method: 'GET', id, signal };
    return unlessNotFound<TokenInfo | undefined>(
      this.#readObject(call, (answer) => readTokenInfo(answer, id)),
      undefined,
    );
  }

  update(
    id: string,
    change: { description?: string; permissions?: readonly Permission[] },
    signal?: AbortSignal,
  ): Promise<TokenInfo> {
    const { description, permissions } = change;
    const json = {
      ...(description === undefined ? {} : { description }),
      ...(permissions === undefined ? {} : { permissions }),
    };
    const call: Call = { name: `changing token ${printable(id)}`, method: 'PATCH', id, json, signal };
    return this.#readObject(call, (answer) => readTokenInfo(answer, id));
  }

  async revoke(id: string, signal?: AbortSignal): Promise<boolean> {
    const call: Call = { name: `revoking token ${printable(id)}`, method: 'DELETE', id, signal };
    const revoked = this.#exchange(call, async (answer, operation) => {
      // A login page says 200 to everything.
      if (answer.status !== 204) throw errorForContent(operation, answer, `its status is ${answer.status}, not 204`);
      return true;
    });
    return unlessNotFound(revoked, false);
  }

  /** For a call that is answered with one JSON object. */
  #readObject<T>(call: Call, read: (json: unknown) => Reading<T>): Promise<T> {
    return this.#exchange(call, async (answer, operation) => {
      const text = await readText(answer);
      if (text === undefined) throw errorForContent(operation, answer, 'it is too large');
      const result = read(parseJSON(text));
      if ('malformed' in result)
        throw errorForContent(operation, answer, `${result.malformed} is missing or malformed`);
      return result.value;
    });
  }

  /** Sends one request and gives any 2xx to `read`; all else becomes an `IssuerError`. */
  async #exchange<T>(call: Call, read: (answer: HttpAnswer, operation: Operation) => Promise<T>): Promise<T> {
    const { http, clock, url } = this.#options;
    const { name, method, id, json, deadline = DEADLINE, signal } = call;
    const credential = this.#options.credential();
    const operation: Operation = {
      name,
      effect: method === 'GET' ? 'read' : 'change',
      host: url.host,
      ...(id === undefined ? {} : { id }),
      credential,
    };
    if (id !== undefined && !isTokenID(id)) throw errorForID(operation);
    const authorization = bearer(credential);
    if (authorization === undefined) throw errorForCredential(operation);
    const request: HttpRequest = {
      method,
      url: id === undefined ? url : new URL(`${url.href}/${id}`),
      headers: { authorization, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      deadline,
      signal,
    };
    try {
      return await http.exchange(request, async (answer) => {
        if (answer.status < 200 || answer.status > 299) throw await refusal(operation, answer, clock.now());
        this.#clockSkew = skewFromDate(answer.headers.date, answer.sentAt, answer.receivedAt, this.#clockSkew);
        return read(answer, operation);
      });
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
      if (signal?.aborted && (operation.effect === 'read' || !error.sent)) throw signal.reason;
      throw errorForFailure(operation, error);
    }
  }
}

async function refusal(operation: Operation, answer: HttpAnswer, now: number): Promise<IssuerError> {
  const { status, headers } = answer;
  // The status is known, so a body that is cut off no longer matters.
  const text = await readText(answer).catch(() => undefined);
  return errorForAnswer(operation, { status, headers, text }, now);
}

async function unlessNotFound<T>(result: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof IssuerError && error.kind === 'NotFound') return otherwise;
    throw error;
  }
}
