// What influxctl prints, read strictly where we rely on it and tolerantly where it may grow.

import { setImmediate as turn } from 'node:timers/promises';

import { z } from 'zod';

import { JsonArraySplitter, MalformedArray } from '../json-array.ts';
import { MARKER_START } from '../resources/common.ts';
import { parseJSON } from './api-json.ts';
import type { TokenInfo } from './issuer.ts';
import { TokenString } from './token-string.ts';

/** A management token as the list shows it. */
export interface ListedToken {
  readonly info: TokenInfo;
  /** What its string begins with: `M.V1.+5Jk`. */
  readonly prefix: string;
}

/** All that the list shows. */
export interface Listing {
  readonly tokens: ReadonlyMap<string, ListedToken>;
  /** Entries of others that could not be read: what is not among the tokens may be one of these. */
  readonly unread: number;
}

/** Go's protobuf structs, in which zeroes may be left out; RFC 3339 is taken as well. Milliseconds since the Unix epoch. */
const instant = z.union([
  z
    .object({ seconds: z.coerce.number().int().optional(), nanos: z.number().int().optional() })
    .transform(({ seconds = 0, nanos = 0 }) => seconds * 1_000 + Math.floor(nanos / 1_000_000)),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

/** 1970-01-01 stands for none. */
const optionalInstant = z.nullish(instant).transform((value) => (value === 0 || value === null ? undefined : value));

const entry = z
  .object({
    id: z.guid(),
    token_prefix: z.string().nullish(),
    description: z.string().nullish(),
    created_at: instant,
    expires_at: optionalInstant,
    revoked_at: optionalInstant,
  })
  .transform(({ id, token_prefix, description, created_at, expires_at, revoked_at }): ListedToken => ({
    info: {
      id,
      description: description ?? '',
      permissions: [],
      createdAt: created_at,
      ...(expires_at === undefined ? {} : { expiresAt: expires_at }),
      ...(revoked_at === undefined ? {} : { revokedAt: revoked_at }),
    },
    prefix: token_prefix ?? '',
  }));

/** Entries that are read in one go, a few milliseconds of work. */
const STRETCH = 200;

/**
 * Reads the output of `management list --format json`, with whatever warnings stand before and after the array. Throws a `MalformedArray`
 * where the array is not whole, or an entry that may be ours is not understood.
 */
export async function readListing(output: Buffer): Promise<Listing> {
  const tokens = new Map<string, ListedToken>();
  let unread = 0;
  let read = 0;
  for (const element of elementsIn(output)) {
    read += 1;
    // Others get a turn: a long list is seconds of work.
    if (read % STRETCH === 0) await turn();
    const text = element.toString();
    const { data } = entry.safeParse(parseJSON(text));
    if (data !== undefined) tokens.set(data.info.id, data);
    else if (text.includes(MARKER_START)) throw new MalformedArray('an entry that may be ours is malformed');
    else unread += 1;
  }
  return { tokens, unread };
}

function* elementsIn(output: Buffer): Generator<Buffer> {
  const text = output.toString('latin1');
  // At the beginning of a line and before an entry: "[WARN] ..." is none.
  const begin = /^[ \t]*\[(?=\s*[{\]])/m.exec(text);
  // Go writes a list without entries as null.
  if (begin === null && /^[ \t]*null[ \t\r]*$/m.test(text)) return;
  const end = text.lastIndexOf(']', lastEnd(text));
  if (begin === null || end < begin.index) throw new MalformedArray('there is no JSON array in it');
  const splitter = new JsonArraySplitter();
  yield* splitter.push(output.subarray(begin.index, end + 1));
  splitter.end();
}

/** Where the last line ends that closes an array. */
function lastEnd(text: string): number {
  let at = -1;
  for (const match of text.matchAll(/[}[\]]\s*\][ \t\r]*$|^[ \t]*\][ \t\r]*$/gm)) at = match.index + match[0].length;
  return at;
}

/** A string of a few characters more than its prefix is none. */
const SHORTEST = 32;
const STRING_LITERAL = /"(?:[^"\\\n]|\\.)*"/g;
const WORD = /[^\s"'`|,]+/g;

/**
 * The token string in the output of `management create`, whose format is documented nowhere: the one text in it that begins with the prefix
 * that the list shows, as a JSON string or else as a word. `undefined` where there is none, or more than one.
 */
export function findTokenString(output: string, prefix: string): TokenString | undefined {
  if (prefix === '') return undefined;
  const literals = (output.match(STRING_LITERAL) ?? []).map(parseJSON).filter((value) => typeof value === 'string');
  const quoted = fitting(literals, prefix);
  const found = quoted.size > 0 ? quoted : fitting(output.match(WORD) ?? [], prefix);
  const [string] = found;
  return string !== undefined && found.size === 1 ? new TokenString(string) : undefined;
}

function fitting(texts: readonly string[], prefix: string): Set<string> {
  return new Set(
    texts.filter((text) => text.startsWith(prefix) && text.length >= SHORTEST && /^[\x21-\x7e]+$/.test(text)),
  );
}
