// The Management API: create, list, read, change and revoke database tokens.
//
// Documented (OpenAPI of the InfluxDB 3 Clustered and Cloud Dedicated Management APIs, version 0): paths, methods, fields and their
// types, the statuses 200, 204, 400, 401, 403, 404, 409, 500, errors as `{code: integer, message}`, bearer authentication, ids as UUID,
// RFC 3339 times, resources of 1 to 64 characters, `accessToken` of 64 characters or more and only in the answer to POST,
// at least one field in a PATCH, and that `expiresAt` is none of them.
//
// Assumed, always to the harder side: unknown fields, an empty description, an `expiresAt` in the past and a body that is not declared as
// JSON are refused with 400; both fields of a permission are required, and `action` is `read` or `write` (the schema says "string");
// permissions come back sorted; what DELETE "deletes" stays listed with `revokedAt`, a second DELETE is 204 and changes nothing,
// a PATCH of a revoked token is 409; an unknown path is answered by the ingress, in HTML; lists come in one page, oldest first.

import { z } from 'zod';
import { apiError, empty, htmlPage, json, pieces } from './answers.ts';
import type { Answer, ApiRequest } from './answers.ts';
import type { SimulatedToken, TokenStore } from './tokens.ts';

/** Which product is played. Cloud Dedicated has the ids in its paths and objects. */
export type Product = { readonly kind: 'Clustered' } | ({ readonly kind: 'CloudDedicated' } & Owner);

/** Whose a token of Cloud Dedicated is. */
interface Owner {
  readonly accountId: string;
  readonly clusterId: string;
}

/** What the handlers work on. */
export interface Management {
  readonly product: Product;
  readonly tokens: TokenStore;
  readonly adminToken: string;
  readonly activationDelay: number;
  readonly now: number;
}

/** Whether it is asked by the administrator, or with a management token that lives. */
export function isAdministrator({ adminToken, tokens, now }: Management, { authorization }: ApiRequest): boolean {
  if (authorization === `Bearer ${adminToken}`) return true;
  const token = tokens.findByString(authorization.replace(/^Bearer /, ''));
  return token?.management === true && token.revokedAt === undefined && (token.expiresAt ?? Infinity) > now;
}

type Handler = (management: Management, request: ApiRequest, id: string) => Answer;

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const instant = z
  .string()
  .refine((text) => RFC3339.test(text) && !Number.isNaN(Date.parse(text)), 'must be an RFC 3339 time')
  .transform((text) => Date.parse(text));
const description = z.string().min(1);
const permissions = z.array(z.strictObject({ action: z.enum(['read', 'write']), resource: z.string().min(1).max(64) }));
const creation = z.strictObject({
  description,
  permissions: permissions.default([]),
  expiresAt: instant.optional(),
});
const change = z
  .strictObject({ description: description.optional(), permissions: permissions.optional() })
  .refine((fields) => Object.keys(fields).length > 0, 'at least one field must be given');

/** Answers one request; whatever it changes is changed when it returns. */
export function manage(management: Management, request: ApiRequest): Answer {
  if (!isAdministrator(management, request)) return apiError('management', 401);
  const route = routeOf(management.product, request.path);
  if (!('handlers' in route)) return route;
  const handler = route.handlers[request.method];
  return handler ? handler(management, request, route.id) : apiError('management', 405);
}

const collection: Readonly<Record<string, Handler>> = {
  GET: (management) => pieces(200, rendered(management)),

  POST(management, request) {
    const parsed = read(creation, request);
    if ('refusal' in parsed) return parsed.refusal;
    const { expiresAt, ...rest } = parsed.value;
    if (expiresAt !== undefined && expiresAt <= management.now)
      return apiError('management', 400, 'expiresAt: must be in the future');
    const wanted = { ...rest, ...(expiresAt !== undefined && { expiresAt }) };
    const token = management.tokens.create(wanted, management.activationDelay);
    const body = { ...wire(management.product, token), accessToken: token.string };
    return json(200, body, { effect: true, tokenId: token.id });
  },
};

const item: Readonly<Record<string, Handler>> = {
  GET: withToken((management, token) => json(200, wire(management.product, token), { tokenId: token.id })),

  PATCH: withToken((management, token, request) => {
    const parsed = read(change, request);
    if ('refusal' in parsed) return parsed.refusal;
    if (token.revokedAt !== undefined) return apiError('management', 409, 'the token is revoked');
    const { description = token.description, permissions = token.permissions } = parsed.value;
    const changed = management.tokens.update(token.id, { description, permissions }) ?? token;
    return json(200, wire(management.product, changed), { effect: true, tokenId: token.id });
  }),

  DELETE: withToken((management, token) => {
    management.tokens.revoke(token.id);
    return empty(204, { effect: token.revokedAt === undefined, tokenId: token.id });
  }),
};

function withToken(handler: (management: Management, token: SimulatedToken, request: ApiRequest) => Answer): Handler {
  return (management, request, id) => {
    if (!z.uuid().safeParse(id).success) return apiError('management', 400, 'tokenId: must be a UUID');
    const token = management.tokens.get(id);
    return token && token.management !== true ? handler(management, token, request) : apiError('management', 404);
  };
}

/** The handlers of a path, or what is said where there are none. */
function routeOf(product: Product, path: string): { handlers: Readonly<Record<string, Handler>>; id: string } | Answer {
  const pattern =
    product.kind === 'Clustered'
      ? /^\/api\/v0\/tokens(?:\/(?<id>[^/]+))?$/
      : /^\/api\/v0\/accounts\/(?<account>[^/]+)\/clusters\/(?<cluster>[^/]+)\/tokens(?:\/(?<id>[^/]+))?$/;
  const match = pattern.exec(path);
  if (!match) return htmlPage(404);
  const { account, cluster, id } = match.groups ?? {};
  if (product.kind === 'CloudDedicated' && (account !== product.accountId || cluster !== product.clusterId))
    return apiError('management', 404);
  return id === undefined ? { handlers: collection, id: '' } : { handlers: item, id };
}

function read<T>(schema: z.ZodType<T>, request: ApiRequest): { value: T } | { refusal: Answer } {
  const refuse = (message: string) => ({ refusal: apiError('management', 400, message) });
  if (!/^application\/json\b/i.test(request.contentType)) return refuse('the body must be application/json');
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    return refuse('the body is not JSON');
  }
  const result = schema.safeParse(body);
  if (result.success) return { value: result.data };
  return refuse(result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '));
}

function* rendered({ product, tokens }: Management): Generator<string> {
  let separator = '[';
  for (const all of tokens.bunches()) {
    const bunch = all.filter(({ management }) => management !== true);
    if (bunch.length === 0) continue;
    yield separator + bunch.map((token) => JSON.stringify(wire(product, token))).join(',');
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

/** The token as the API shows it: never its string. */
function wire(
  product: Product,
  { id, description, permissions, createdAt, expiresAt, revokedAt }: SimulatedToken,
): object {
  const owner = product.kind === 'CloudDedicated' && { accountId: product.accountId, clusterId: product.clusterId };
  return {
    ...owner,
    id,
    description,
    permissions,
    createdAt: new Date(createdAt).toISOString(),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    ...(revokedAt !== undefined && { revokedAt: new Date(revokedAt).toISOString() }),
  };
}
