import { expect, test } from '@jest/globals';
import { IssuerError } from './errors.ts';
import type { TokenInfo, TokenIssuer } from './issuer.ts';
import { measuredIssuer } from './measured-issuer.ts';

const token: TokenInfo = { id: 'a', description: 'x', permissions: [], createdAt: 0 };

function issuer(change: Partial<TokenIssuer> = {}): TokenIssuer {
  return {
    list: async () => ({ tokens: [], total: 0 }),
    create: async () => Promise.reject(new IssuerError('OutcomeUnknown', 'no answer')),
    get: async () => token,
    revoke: async () => true,
    clockSkew: 42,
    ...change,
  };
}

test('every call is told with how it ended, and answers as before', async () => {
  const told: string[] = [];
  const measured = measuredIssuer(
    issuer(),
    (operation, result) => void told.push(`${operation} ${result}`),
    () => true,
  );
  await expect(measured.get('a')).resolves.toBe(token);
  await expect(measured.create({ description: 'x', permissions: [] })).rejects.toThrow('no answer');
  expect(told).toEqual(['get Success', 'create OutcomeUnknown']);
  expect(measured.clockSkew).toBe(42);
});

test('an issuer that cannot change a token in place still cannot', () => {
  expect(
    measuredIssuer(
      issuer(),
      () => undefined,
      () => true,
    ),
  ).not.toHaveProperty('update');
  expect(
    measuredIssuer(
      issuer({ update: async () => token }),
      () => undefined,
      () => true,
    ),
  ).toHaveProperty('update');
});

test('a process that does not lead any more reads, but changes nothing', async () => {
  const sent: string[] = [];
  const revoke = async (id: string): Promise<boolean> => sent.push(id) > 0;
  const paused = measuredIssuer(
    issuer({ revoke }),
    () => undefined,
    () => false,
  );
  await expect(paused.get('a')).resolves.toBe(token);
  await expect(paused.revoke('a')).rejects.toThrow('does not lead');
  expect(sent).toEqual([]);
});
