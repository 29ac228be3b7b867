// The data API, as far as a token can be tried out on it: query, write and ping.
//
// Documented (OpenAPI of the InfluxDB 3 Clustered v1 and v2 compatible APIs, and its page of response codes): `GET /query` with the
// required `db` and `q`; `POST /api/v2/write` with the required `bucket` and 204 for success; `/ping` with 204, a version header and no
// authentication; the schemes Bearer and Token; errors as `{code: phrase, message}`; 401 for a token that is unknown or not yet active, 403
// for one without the permission, 404 for a missing database, and that 401 may also be said where the database does not exist.
//
// Assumed: 401 for a revoked and for an expired token; the permission is looked at before the database; an empty write is 204 (its lines
// are not looked at); an unknown path is answered in HTML. Basic and query string authentication are not played.

import { apiError, empty, htmlPage, json } from './answers.ts';
import type { Answer, ApiRequest } from './answers.ts';
import type { TokenStore } from './tokens.ts';

/** What the handlers work on. */
export interface Data {
  readonly tokens: TokenStore;
  /** The databases there are; `any`: whatever is asked for exists. */
  readonly databases: readonly string[] | 'any';
  /** What is said to a token that is good where the database is missing; 401 is the documented oddity. */
  readonly missingDatabase: 401 | 404;
  readonly now: number;
}

type Handler = (data: Data, request: ApiRequest) => Answer;

const VERSION = { 'x-influxdb-version': 'simulator', 'x-influxdb-build': 'clustered' };
const ping: Handler = () => empty(204, { headers: VERSION });

const routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/ping': { GET: ping, HEAD: ping },
  '/query': {
    GET(data, request) {
      const database = request.query.get('db');
      if (!database || !request.query.get('q')) return apiError('data', 400, 'the parameters db and q are required');
      return refusal(data, request, 'read', database) ?? json(200, { results: [{ statement_id: 0 }] });
    },
  },
  '/api/v2/write': {
    POST(data, request) {
      const database = request.query.get('bucket');
      if (!database) return apiError('data', 400, 'the parameter bucket is required');
      return refusal(data, request, 'write', database) ?? empty(204);
    },
  },
};

/** Answers one request; nothing is ever stored. */
export function serveData(data: Data, request: ApiRequest): Answer {
  const methods = routes[request.path];
  if (!methods) return htmlPage(404);
  const handler = methods[request.method];
  return handler ? handler(data, request) : apiError('data', 405);
}

/** Whether the data API answers this path. */
export function isDataPath(path: string): boolean {
  return Object.hasOwn(routes, path);
}

function refusal(data: Data, request: ApiRequest, action: 'read' | 'write', database: string): Answer | undefined {
  const [, string = ''] = /^(?:Bearer|Token) (\S+)$/.exec(request.authorization) ?? [];
  const token = data.tokens.findByString(string);
  const good =
    token !== undefined &&
    token.management !== true &&
    token.revokedAt === undefined &&
    token.activeAt <= data.now &&
    (token.expiresAt ?? Infinity) > data.now;
  if (!good) return apiError('data', 401, 'unauthorized access');
  const allowed = token.permissions.some(
    (permission) => permission.action === action && (permission.resource === '*' || permission.resource === database),
  );
  if (!allowed) return apiError('data', 403, `no permission to ${action} "${database}"`);
  if (data.databases !== 'any' && !data.databases.includes(database))
    return apiError('data', data.missingDatabase, `database "${database}" not found`);
  return undefined;
}
