import { format, inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { bearer, TokenString } from './token-string.ts';

const SECRET = 'apiv1_do-not-tell';

test.each<[string, (token: TokenString) => string]>([
  ['text', (token) => `${String(token)} ${token.toString()}`],
  ['JSON', (token) => JSON.stringify({ token, list: [token] })],
  ['what a debugger shows', (token) => inspect({ token }, { depth: 9, showHidden: true })],
  ['a line of the console', (token) => format('%s %j %o %O', token, token, token, token)],
  ['its properties', (token) => JSON.stringify([Object.entries(token), Object.getOwnPropertyDescriptors(token)])],
  ['a copy', (token) => JSON.stringify(structuredClone(token))],
  ['an error', (token) => inspect(new Error(`of ${String(token)}`, { cause: token }))],
])('a token string does not show as %s', (_, shown) => {
  expect(shown(new TokenString(SECRET))).not.toContain('do-not-tell');
});

test('what no header may hold makes none', () => {
  expect(bearer(new TokenString(SECRET))).toBe(`Bearer ${SECRET}`);
  for (const bad of ['', 'a b', 'a\nb', 'a\u007f', 'é']) expect(bearer(new TokenString(bad))).toBeUndefined();
});
