// Reads the answer of `GET /tokens` as a stream, keeping only what is asked for.

import { setImmediate as turn } from 'node:timers/promises';

import { JsonArraySplitter, MalformedArray } from '../json-array.ts';
import { parseJSON, readTokenInfo } from './api-json.ts';
import type { TokenInfo, TokenList } from './issuer.ts';

/** Milliseconds of work after which others get a turn: a list of 200,000 entries is half a second of work and more. */
const LONGEST_STRETCH = 5;

const BACKSLASH = 0x5c;

/**
 * Reads the whole list; throws a `MalformedArray` where it is not complete and well formed, so that a part never passes for the whole.
 *
 * With `containing`, an entry whose description does not contain that text is counted, whatever else is wrong with it: a stranger's
 * entry must not blind us. An entry that may contain it must be well formed.
 */
export async function readTokenList(
  body: AsyncIterable<Uint8Array>,
  keep: (token: TokenInfo) => boolean,
  containing = '',
): Promise<TokenList> {
  const needle = Buffer.from(containing);
  const splitter = new JsonArraySplitter();
  // By id, as a list that a gateway repeats would let one token count as two.
  const tokens = new Map<string, TokenInfo>();
  let total = 0;
  let since = performance.now();
  for await (const chunk of body) {
    for (const element of splitter.push(chunk)) {
      total += 1;
      const token = mayContain(element, needle) ? readEntry(element, containing, total) : undefined;
      if (token !== undefined && keep(token)) tokens.set(token.id, token);
      if (performance.now() - since > LONGEST_STRETCH) {
        await turn();
        since = performance.now();
      }
    }
  }
  splitter.end();
  return { tokens: [...tokens.values()], total };
}

/** Never wrongly false: without a backslash there is no escape, and what is not escaped stands in JSON as it is. */
function mayContain(element: Buffer, needle: Buffer): boolean {
  return element.includes(needle) || element.includes(BACKSLASH);
}

function readEntry(element: Buffer, containing: string, position: number): TokenInfo | undefined {
  const json = parseJSON(element.toString());
  const description = descriptionOf(json);
  if (description !== undefined && !description.includes(containing)) return undefined;
  const entry = readTokenInfo(json);
  if ('malformed' in entry) throw new MalformedArray(`its entry ${position} is malformed (${entry.malformed})`);
  return entry.value;
}

function descriptionOf(json: unknown): string | undefined {
  return typeof json === 'object' && json !== null && 'description' in json && typeof json.description === 'string'
    ? json.description
    : undefined;
}
