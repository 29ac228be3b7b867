// What a credential tells of itself, before anybody is asked: whether it is a token string at all, and when it ends.

import { z } from 'zod';

import type { ListedToken } from './influxctl-json.ts';

/** Fields under which JSON documents hold a token string. */
const FIELDS = ['access_token', 'accessToken', 'token'];

const document = z.record(z.string(), z.unknown());
const jwtHeader = z.object({ alg: z.string() });
const jwtClaims = z.object({ exp: z.number() });

/**
 * What to say of a credential that is a JSON document, such as the one in the Secret `admin-token` of InfluxDB Clustered; `undefined` when
 * it is none. Only names of fields that are known are told: anything else in it may be secret.
 */
export function documentRemedy(credential: string): string | undefined {
  if (!/^[{["]/.test(credential)) return undefined;
  const { data: fields = {} } = document.safeParse(parse(credential));
  const field = FIELDS.find((name) => typeof fields[name] === 'string');
  const what = field === undefined ? 'the token string' : `the value of its field ${field}`;
  return `put ${what} there, alone and without quotes`;
}

/**
 * When a credential ends that is a JWT and says so (RFC 7519, `exp`), in milliseconds since the Unix epoch; `undefined` for every other one.
 * Nothing is verified: this serves a warning, and the cluster decides what it takes.
 */
export function jwtExpiry(credential: string): number | undefined {
  const [header = '', payload = '', signature] = credential.split('.');
  if (signature === undefined) return undefined;
  const { success } = jwtHeader.safeParse(parse(Buffer.from(header, 'base64url').toString()));
  const { data: claims } = jwtClaims.safeParse(parse(Buffer.from(payload, 'base64url').toString()));
  const instant = success && claims !== undefined ? new Date(claims.exp * 1_000).getTime() : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}

/**
 * When a credential ends that is a management token, in milliseconds since the Unix epoch, as a list of such tokens shows it by their prefixes.
 * `undefined`: it has no end, or the list does not tell, since no token that lives is it for sure.
 */
export function listedExpiry(credential: string, tokens: Iterable<ListedToken>, now: number): number | undefined {
  const candidates = [...tokens].filter(
    ({ prefix, info: { revokedAt, expiresAt = Infinity } }) =>
      prefix !== '' && credential.startsWith(prefix) && revokedAt === undefined && expiresAt > now,
  );
  // A prefix has a few random characters only, so two tokens can share it.
  return candidates.length === 1 ? candidates[0]?.info.expiresAt : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
