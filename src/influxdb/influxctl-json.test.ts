import { describe, expect, test } from '@jest/globals';

import { id } from '../../test/builders.ts';
import { MalformedArray } from '../json-array.ts';
import { findTokenString, readListing } from './influxctl-json.ts';

const CREATED = { seconds: 1_710_273_527, nanos: 754_000_000 };

function anEntry(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: id(1),
    account_id: id(9),
    token_prefix: 'M.V1.+5Jk',
    description: 'Client1 token',
    created_by: id(8),
    created_at: CREATED,
    ...change,
  };
}

const read = (text: string) => readListing(Buffer.from(text));
const one = async (change: Readonly<Record<string, unknown>>) =>
  (await read(JSON.stringify([anEntry(change)]))).tokens.get(id(1));

describe('the list', () => {
  test('tells instants in seconds and nanoseconds', async () => {
    const token = await one({
      expires_at: { seconds: 1_900_000_000, nanos: 0 },
      revoked_at: { seconds: '1800000000' },
    });
    expect(token).toEqual({
      info: {
        id: id(1),
        description: 'Client1 token',
        permissions: [],
        createdAt: 1_710_273_527_754,
        expiresAt: 1_900_000_000_000,
        revokedAt: 1_800_000_000_000,
      },
      prefix: 'M.V1.+5Jk',
    });
  });

  test.each([
    ['null', null],
    ['an empty struct', {}],
    ['1970-01-01', { seconds: 0, nanos: 0 }],
    ['1970-01-01 in words', '1970-01-01T00:00:00Z'],
  ])('%s as an end or a revocation is none', async (_, none) => {
    const token = await one({ expires_at: none, revoked_at: none });
    expect(token?.info).not.toHaveProperty('expiresAt');
    expect(token?.info).not.toHaveProperty('revokedAt');
  });

  test.each(['[]', ' [ ]\n', 'null\n', '[\n]\n', '[WARN] old {"see": "x"}\nnull\n[INFO] done\n'])(
    '%j has no entries',
    async (text) => {
      expect(await read(text)).toEqual({ tokens: new Map(), unread: 0 });
    },
  );

  test('is found between warnings on the same stream, brackets and all', async () => {
    const text = `[WARN] a newer version [2.11.0] is out {see the site}\n${JSON.stringify([anEntry(), anEntry({ id: id(2) })], null, 2)}\nWARNING: done [sic]\n`;
    expect([...(await read(text)).tokens.keys()]).toEqual([id(1), id(2)]);
  });

  test.each([
    ['nothing', ''],
    ['a table', '+----+\n| ID |\n+----+\n'],
    ['an object', '{"tokens": []}'],
    ['a list that is cut off', JSON.stringify([anEntry(), anEntry()]).slice(0, -40)],
    ['a list that ends within an entry', `[${JSON.stringify(anEntry())},{"id":"x","a":[1]\n`],
  ])('%s is not taken for a list', async (_, text) => {
    await expect(read(text)).rejects.toThrow(MalformedArray);
  });

  test("a stranger's malformed entry is counted; one that may be ours is an error", async () => {
    const malformed = anEntry({ created_at: 'yesterday' });
    expect(await read(JSON.stringify([malformed, anEntry({ id: id(2) })]))).toMatchObject({ unread: 1 });
    const ours = { ...malformed, description: 'x [influxtokens cafe0123/uid/0000000000000001]' };
    await expect(read(JSON.stringify([ours]))).rejects.toThrow('may be ours');
  });
});

describe('the token string', () => {
  const prefix = 'M.V1.+5Jk';
  const string = `${prefix}abcdEFGH0123+/${'x'.repeat(40)}==`;

  test.each([
    ['a field of unknown name', JSON.stringify({ token_prefix: prefix, secret: string })],
    ['a nested field', JSON.stringify({ token: { info: { id: 1 }, value: string } }, null, 2)],
    ['a field with escapes', `{"token":"${string.replaceAll('+', '\\u002b').replaceAll('/', '\\/')}"}`],
    ['a field between warnings', `WARNING: keep it "safe"\n{"token":"${string}"}\nbye`],
    ['a table', `| ID | ${string} |`],
    ['a sentence', `Token: ${string}\nStore it.`],
    ['the same twice', `${string} ${JSON.stringify({ token: string })}`],
  ])('is found as %s', (_, output) => {
    expect(findTokenString(output, prefix)?.reveal()).toBe(string);
  });

  test.each([
    ['it is not there', JSON.stringify({ token_prefix: prefix })],
    ['two fit', JSON.stringify([string, `${string}y`])],
    ['it is cut short', JSON.stringify(`${prefix}abc`)],
    ['it holds what no header may', JSON.stringify(`${string}é`)],
  ])('is not guessed where %s', (_, output) => {
    expect(findTokenString(output, prefix)).toBeUndefined();
  });

  test('is not looked for without a prefix, which would fit anything', () => {
    expect(findTokenString(string, '')).toBeUndefined();
  });
});
