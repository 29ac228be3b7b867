// Management tokens: what stands behind the influxctl command. Only the stand-in of the tests speaks to it; no API of InfluxDB has this path.
//
// Documented is only what the command shows: the fields of a list, that revoked tokens stay in it, and that a cluster needs one user who has
// logged in through OAuth before it creates a management token.

import { z } from 'zod';
import { apiError, json, empty } from './answers.ts';
import type { Answer, ApiRequest } from './answers.ts';
import type { SimulatedToken, TokenStore } from './tokens.ts';

/** What the handlers work on. */
export interface ManagementTokens {
  readonly tokens: TokenStore;
  /** How long a list does not show what was done. */
  readonly listLag: number;
  /** Whether a user has ever logged in through OAuth. */
  readonly loggedIn: boolean;
  readonly now: number;
}

const PATH = /^\/api\/v0\/-\/management\/tokens(?:\/([^/]+))?$/;
/** As in `M.V1.+5Jk`. */
const PREFIX_LENGTH = 9;
const NOBODY = '00000000-0000-4000-8000-000000000000';

const creation = z.strictObject({
  description: z.string(),
  expiresAt: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
});

/** Whether the path leads here. */
export function isManagementTokensPath(path: string): boolean {
  return PATH.test(path);
}

/** Answers one request of somebody who was let in. */
export function manageManagementTokens(management: ManagementTokens, request: ApiRequest): Answer {
  const id = PATH.exec(request.path)?.[1];
  if (id === undefined && request.method === 'GET') return list(management);
  if (id === undefined && request.method === 'POST') return create(management, request);
  if (id !== undefined && request.method === 'DELETE') return revoke(management, id);
  return apiError('management', 405);
}

function list({ tokens, listLag, now }: ManagementTokens): Answer {
  const seen = now - listLag;
  return json(
    200,
    tokens
      .all()
      .filter(({ management, createdAt }) => management === true && (listLag === 0 || createdAt < seen))
      .map((token) => wire(token, listLag === 0 ? Infinity : seen)),
  );
}

function create({ tokens, loggedIn, now }: ManagementTokens, request: ApiRequest): Answer {
  const { data } = creation.safeParse(JSON.parse(request.body));
  if (data === undefined) return apiError('management', 400, 'malformed request');
  if (!loggedIn) return apiError('management', 412, 'the account has no user that has logged in');
  const { description, expiresAt } = data;
  if (expiresAt !== undefined && expiresAt <= now) return apiError('management', 400, 'expires_at is in the past');
  const token = tokens.create({ description, management: true, ...(expiresAt === undefined ? {} : { expiresAt }) }, 0);
  return json(200, { ...wire(token, Infinity), token: token.string }, { effect: true, tokenId: token.id });
}

function revoke({ tokens }: ManagementTokens, id: string): Answer {
  const token = tokens.get(id);
  if (token?.management !== true) return apiError('management', 404, 'token not found');
  tokens.revoke(id);
  return empty(204, { effect: token.revokedAt === undefined, tokenId: id });
}

/** As the command prints it. A revocation later than `seen` is not known yet. */
function wire({ id, description, string = '', createdAt, expiresAt, revokedAt }: SimulatedToken, seen: number): object {
  return {
    id,
    account_id: NOBODY,
    token_prefix: string.slice(0, PREFIX_LENGTH),
    description,
    created_by: NOBODY,
    created_at: instant(createdAt),
    expires_at: expiresAt === undefined ? {} : instant(expiresAt),
    ...(revokedAt === undefined || revokedAt >= seen ? {} : { revoked_at: instant(revokedAt) }),
  };
}

/** Go's protobuf timestamp. */
function instant(milliseconds: number): object {
  return { seconds: Math.floor(milliseconds / 1_000), nanos: (milliseconds % 1_000) * 1_000_000 };
}
