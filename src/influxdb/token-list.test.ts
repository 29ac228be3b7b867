import { describe, expect, test } from '@jest/globals';

import { MalformedArray } from '../json-array.ts';
import type { TokenInfo } from './issuer.ts';
import { readTokenList } from './token-list.ts';

const MARKER = 'influxtokens cafe0123/';

/** An entry as the server lists it. */
function entry(number: number, more: object = {}): object {
  return {
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    description: `Token ${number}`,
    permissions: [{ action: 'read', resource: 'sensors' }],
    createdAt: '2026-01-01T00:00:00Z',
    ...more,
  };
}

const ours = (number: number, more: object = {}): object =>
  entry(number, { description: `Token ${number} [${MARKER}uid/attempt]`, ...more });

function read(
  text: string,
  containing?: string,
  keep: (token: TokenInfo) => boolean = () => true,
): ReturnType<typeof readTokenList> {
  const bytes = Buffer.from(text);
  // Pieces of an odd size, so that entries straddle them.
  const pieces = Array.from({ length: Math.ceil(bytes.length / 97) }, (_, at) =>
    bytes.subarray(at * 97, (at + 1) * 97),
  );
  return readTokenList(stream(pieces), keep, containing);
}

async function* stream(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

describe('readTokenList', () => {
  test('keeps what is asked for, and counts everything', async () => {
    const text = JSON.stringify(
      [entry(1), ours(2), ours(3, { revokedAt: '2026-01-02T00:00:00.5+01:00' })],
      undefined,
      2,
    );
    const list = await read(text, MARKER, ({ description }) => description.includes(MARKER));
    expect(list.total).toBe(3);
    expect(list.tokens.map(({ description }) => description)).toEqual([
      `Token 2 [${MARKER}uid/attempt]`,
      `Token 3 [${MARKER}uid/attempt]`,
    ]);
    expect(list.tokens[1]?.revokedAt).toBe(Date.UTC(2026, 0, 1, 23, 0, 0, 500));
  });

  test('an empty list is a list', async () => {
    await expect(read('[]')).resolves.toEqual({ tokens: [], total: 0 });
  });

  test('an entry that a gateway repeats is one token', async () => {
    const { tokens, total } = await read(JSON.stringify([ours(1), ours(1)]), MARKER);
    expect({ total, kept: tokens.length }).toEqual({ total: 2, kept: 1 });
  });

  test.each([
    ['escapes that need not be', (text: string) => text.replaceAll('/', String.raw`\/`)],
    ['Unicode escapes', (text: string) => text.replaceAll('influxtokens', String.raw`\u0069nflux\u0074okens`)],
    ['other spacing', (text: string) => text.replaceAll(':{', ' :\n{')],
  ])('finds ours however the server writes JSON: %s', async (_, rewrite) => {
    const { tokens } = await read(rewrite(JSON.stringify([entry(1), ours(2)])), MARKER);
    expect(tokens.map(({ description }) => description)).toEqual([`Token 2 [${MARKER}uid/attempt]`]);
  });

  test.each([
    ['no id', entry(1, { id: undefined })],
    ['an unknown action', entry(1, { permissions: [{ action: 'own', resource: 'x' }] })],
    ['a description of null', entry(1, { description: null })],
    ['an escape in it', entry(1, { id: 'none', description: '"' })],
    ['a number in place of it', 7],
    ['null in place of it', null],
  ])("a stranger's entry with %s does not blind us", async (_, stranger) => {
    const { tokens, total } = await read(JSON.stringify([stranger, ours(2)]), MARKER);
    expect({ total, kept: tokens.length }).toEqual({ total: 2, kept: 1 });
  });

  test.each([
    ['no id', ours(2, { id: undefined }), 'its entry 2 is malformed (id)'],
    ['a time that is none', ours(2, { createdAt: 'today' }), 'its entry 2 is malformed (createdAt)'],
    [
      'the marker elsewhere than in a description',
      { ...entry(2), description: 7, note: MARKER },
      'its entry 2 is malformed (description)',
    ],
  ])('but an entry that may be ours with %s is an error', async (_, suspect, message) => {
    await expect(read(JSON.stringify([entry(1), suspect]), MARKER)).rejects.toThrow(new MalformedArray(message));
  });

  test('without a text to look for every entry must be well formed', async () => {
    await expect(read(JSON.stringify([entry(1, { id: 7 })]))).rejects.toThrow('its entry 1 is malformed (id)');
    await expect(read('[{"description":"a" "id":1}]')).rejects.toThrow('its entry 1 is malformed (the whole)');
  });

  test('a list that is cut off is an error, even between two entries', async () => {
    const text = JSON.stringify([ours(1), ours(2)]);
    await expect(read(text.slice(0, text.indexOf(',{')), MARKER)).rejects.toThrow('it is cut off');
  });

  test('200,000 entries neither block the event loop nor fill the memory', async () => {
    const count = 200_000;
    /** About 60 MB, in pieces of a TLS record; every thousandth is ours, every tenth has an escape and so is parsed. */
    async function* large(): AsyncGenerator<Uint8Array> {
      let text = '[';
      for (let number = 0; number < count; number += 1) {
        const description = `${'A token for something'.repeat(6)} ${number}${number % 10 === 0 ? '"' : ''}`;
        text +=
          (number === 0 ? '' : ',') +
          JSON.stringify(number % 1000 === 0 ? ours(number) : entry(number, { description }));
        if (text.length < 16_384) continue;
        yield Buffer.from(text);
        text = '';
      }
      yield Buffer.from(`${text}]`);
    }
    const look = async (): Promise<{ turns: number; grown: number }> => {
      let turns = 0;
      let next = setImmediate(function turn() {
        turns += 1;
        next = setImmediate(turn);
      });
      const before = process.memoryUsage().rss;
      const { tokens, total } = await readTokenList(large(), () => true, MARKER);
      const grown = process.memoryUsage().rss - before;
      clearImmediate(next);
      expect({ total, kept: tokens.length }).toEqual({ total: count, kept: count / 1000 });
      return { turns, grown };
    };
    // The best of three: what else the process and the machine do in the meantime is not the list's doing.
    const looks = [await look(), await look(), await look()];
    // A tenth of what is usual, as the work takes longer or shorter on other machines: others had their turn again and again.
    expect(Math.max(...looks.map(({ turns }) => turns))).toBeGreaterThan(20);
    expect(Math.min(...looks.map(({ grown }) => grown)) / 1024 ** 2).toBeLessThan(150);
  });
});
