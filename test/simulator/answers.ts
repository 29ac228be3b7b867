// What a request is and what an answer is, apart from how either travels.

import { STATUS_CODES } from 'node:http';

/** A request, read whole. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
  readonly contentType: string;
  readonly body: string;
}

/** An answer, and what happened in the cluster because of the request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces, where the whole would be large. */
  readonly body: string | Iterable<string>;
  /** Whether a token was created, changed or revoked. */
  readonly effect: boolean;
  /** The token that the request was about. */
  readonly tokenId?: string;
}

/** The two surfaces word their errors differently. */
export type Surface = 'management' | 'data';

const JSON_TYPE = 'application/json; charset=utf-8';

/** An answer in JSON; `about` says what the request did. */
export function json(status: number, value: unknown, about: Partial<Pick<Answer, 'effect' | 'tokenId'>> = {}): Answer {
  return { ...pieces(status, JSON.stringify(value)), ...about };
}

/** An answer in JSON that is rendered already. */
export function pieces(status: number, body: string | Iterable<string>): Answer {
  return { status, headers: { 'content-type': JSON_TYPE }, body, effect: false };
}

/** An answer without a body. */
export function empty(status: number, about: Partial<Pick<Answer, 'effect' | 'tokenId' | 'headers'>> = {}): Answer {
  return { status, headers: {}, body: '', effect: false, ...about };
}

/** An error in the API's own words: `code` is the number on the management surface, a phrase on the data surface (both documented). */
export function apiError(surface: Surface, status: number, message = phrase(status)): Answer {
  return json(status, { code: surface === 'management' ? status : phrase(status), message });
}

/** A page such as a proxy or an ingress gives; never the API's own answer. */
export function htmlPage(status: number): Answer {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`;
  return { status, headers: { 'content-type': 'text/html' }, body, effect: false };
}

function phrase(status: number): string {
  return status === 400 ? 'bad request' : (STATUS_CODES[status]?.toLowerCase() ?? 'unknown');
}
