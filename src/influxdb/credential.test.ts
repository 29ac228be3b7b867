import { describe, expect, test } from '@jest/globals';

import { id, NOW } from '../../test/builders.ts';
import { documentRemedy, jwtExpiry, listedExpiry } from './credential.ts';
import type { ListedToken } from './influxctl-json.ts';

const encode = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
const jwt = (claims: object | string, header: object | string = { alg: 'RS256', typ: 'JWT' }): string =>
  `${encode(header)}.${encode(claims)}.${encode('signature')}`;

describe('a credential that is a JSON document', () => {
  test.each([
    ['{"access_token": "5ec8e7", "expiry": "2030-01-01"}', 'put the value of its field access_token there'],
    ['{\n  "token": "5ec8e7"\n}', 'put the value of its field token there'],
    ['{"5ec8e7": "5ec8e7"}', 'put the token string there'],
    ['{"access_token": "5ec8e7"', 'put the token string there'],
    ['["5ec8e7"]', 'put the token string there'],
    ['"5ec8e7"', 'put the token string there'],
  ])('is recognised, and no part of it is told: %s', (credential, remedy) => {
    expect(documentRemedy(credential)).toBe(`${remedy}, alone and without quotes`);
  });

  test.each(['apiv1_5ec8e7', 'M.V1.+5Jk.abc', jwt({ exp: 1 })])('is not what %s is', (credential) => {
    expect(documentRemedy(credential)).toBeUndefined();
  });
});

describe('the end of a credential', () => {
  test('is what a JWT says of itself', () => {
    expect(jwtExpiry(jwt({ sub: 'admin', exp: 1_900_000_000 }))).toBe(1_900_000_000_000);
  });

  test.each([
    ['a JWT without an end', jwt({ sub: 'admin' })],
    ['an end that is no number', jwt({ exp: '1900000000' })],
    ['an end beyond all time', jwt({ exp: 1e300 })],
    ['claims that are no object', jwt('7')],
    ['claims that are no JSON', jwt('}')],
    ['a header without an algorithm', jwt({ exp: 1 }, { typ: 'JWT' })],
    ['a management token', 'M.V1.+5Jk.abc'],
    ['a token string', 'apiv1_5ec8e7'],
  ])('is not known of %s', (_, credential) => {
    expect(jwtExpiry(credential)).toBeUndefined();
  });
});

describe('the end of a management token', () => {
  const credential = `M.V1.+5Jk${'s3cret'.repeat(12)}`;
  const END = NOW + 1_000;

  function listed(number: number, change: Partial<ListedToken['info']> = {}, prefix = 'M.V1.+5Jk'): ListedToken {
    return {
      info: { id: id(number), description: 'x', permissions: [], createdAt: 0, expiresAt: END, ...change },
      prefix,
    };
  }

  test.each<[string, ListedToken[]]>([
    ['the one that begins with the prefix', [listed(1, {}, 'M.V1.Q9x/'), listed(2)]],
    ['the one that lives, of those with one prefix', [listed(1, { revokedAt: 1, expiresAt: END + 1 }), listed(2)]],
    ['the one that has not ended, of those with one prefix', [listed(1), listed(2, { expiresAt: NOW })]],
  ])('is what the list shows of %s', (_, tokens) => {
    expect(listedExpiry(credential, tokens, NOW)).toBe(END);
  });

  const endless: ListedToken = {
    info: { id: id(3), description: 'x', permissions: [], createdAt: 0 },
    prefix: 'M.V1.+5Jk',
  };

  test.each<[string, ListedToken[]]>([
    ['the list does not show it', [listed(1, {}, 'M.V1.Q9x/')]],
    ['the list shows no prefixes', [listed(1, {}, '')]],
    ['two that live share the prefix', [listed(1), listed(2, { expiresAt: END + 1 })]],
    ['one that has no end shares the prefix', [listed(1), endless]],
    ['it has no end', [endless]],
    ['nothing is listed', []],
  ])('is not known where %s', (_, tokens) => {
    expect(listedExpiry(credential, tokens, NOW)).toBeUndefined();
  });
});
