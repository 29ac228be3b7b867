// The Management API's JSON, read strictly where we rely on it and tolerantly where it may grow.

import { z } from 'zod';

import { Common, commonText } from '../common.ts';
import type { CreatedToken, Permission, TokenInfo, TokenRequest } from './issuer.ts';
import { TokenString } from './token-string.ts';

/** RFC 3339 to milliseconds since the Unix epoch. */
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** Documented as absent where it does not apply; `null` is read as absent. */
const optionalInstant = z.nullish(instant).transform((value) => value ?? undefined);

const permission = z.object({ action: z.enum(['read', 'write']), resource: z.string().min(1) });

/** Ten thousand tokens have few. */
const permissionSets = new Common<readonly Permission[]>();

/** Unknown fields are dropped. An id is a UUID of any version, so that it can stand in a URL. */
const tokenInfo = z
  .object({
    id: z.guid().transform(commonText),
    description: z.string(),
    permissions: z.nullish(z.array(permission)).transform((value) => permissionSets.first(value ?? [])),
    createdAt: instant,
    expiresAt: optionalInstant,
    revokedAt: optionalInstant,
  })
  .transform(({ expiresAt, revokedAt, ...rest }): TokenInfo => ({
    ...rest,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }));

/** At least 64 characters, as documented, and nothing that could not stand in a header or an environment variable. */
const accessToken = z.object({ accessToken: z.string().regex(/^[\x21-\x7e]{64,}$/) });

const apiError = z.object({ code: z.int(), message: z.string() });

const tokenID = z.guid();

/** Whether the text is a UUID, the only form of an id that may stand in a URL. */
export function isTokenID(id: string): boolean {
  return tokenID.safeParse(id).success;
}

/** What reading gave: the value, or the names of the fields that are missing or malformed, which tell no content. */
export type Reading<T> = { readonly value: T } | { readonly malformed: string };

/** A token as the server describes it; where one was asked for by its id, that one. */
export function readTokenInfo(json: unknown, id?: string): Reading<TokenInfo> {
  const info = reading(tokenInfo.safeParse(json));
  return 'value' in info && id !== undefined && info.value.id !== id ? { malformed: 'id' } : info;
}

/** The answer to the creation of `request`: the description must come back exactly as it was sent, or it is not the answer to us. */
export function readCreatedToken(json: unknown, request: TokenRequest): Reading<CreatedToken> {
  const info = readTokenInfo(json);
  if ('malformed' in info) return info;
  if (info.value.description !== request.description) return { malformed: 'description' };
  const secret = reading(accessToken.safeParse(json));
  if ('malformed' in secret) return secret;
  return { value: { info: info.value, string: new TokenString(secret.value.accessToken) } };
}

/** The message of an error in the API's own JSON, `{code, message}`, where `code` repeats the HTTP status; else `undefined`. */
export function readAPIError(json: unknown, status: number): string | undefined {
  const error = apiError.safeParse(json).data;
  return error?.code === status ? error.message : undefined;
}

/** `undefined` where the text is not JSON: the parser's own error would quote the text, which may hold a token string. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reading<T>(result: z.ZodSafeParseResult<T>): Reading<T> {
  if (result.success) return { value: result.data };
  const fields = new Set(result.error.issues.map(({ path }) => String(path[0] ?? 'the whole')));
  return { malformed: [...fields].join(', ') };
}
