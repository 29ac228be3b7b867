import { expect, test } from '@jest/globals';

import { IssuerError } from './errors.ts';
import type { TokenInfo, TokenIssuer } from './issuer.ts';
import { pacedIssuer } from './paced-issuer.ts';

const TOKEN: TokenInfo = { id: 'a', description: 'x', permissions: [], createdAt: 0 };
const SILENCE = new IssuerError('OutcomeUnknown', 'reset');

/** An issuer whose revocations wait until they are told how they end. */
class Scripted implements TokenIssuer {
  readonly clockSkew = 0;
  readonly revoking: { readonly id: string; readonly end: (error?: Error) => void }[] = [];

  list = async (): Promise<{ tokens: []; total: number }> => ({ tokens: [], total: 0 });
  create = async (): Promise<never> => Promise.reject(new Error('not here'));
  get = async (): Promise<TokenInfo> => TOKEN;
  revoke(id: string): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.revoking.push({ id, end: (error) => (error === undefined ? resolve(true) : reject(error)) });
    return promise;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Begins so many revocations; the result has how each ended, as far as it did. */
function revokeMany(issuer: TokenIssuer, count: number): (string | boolean)[] {
  const ends: (string | boolean)[] = [];
  for (let number = 0; number < count; number += 1) {
    issuer.revoke(String(number)).then(
      (answer) => ends.push(answer),
      (error: unknown) => ends.push(error instanceof IssuerError ? error.kind : String(error)),
    );
  }
  return ends;
}

test('a few calls are sent at first, and more as they are answered', async () => {
  const server = new Scripted();
  revokeMany(
    pacedIssuer(server, () => 0),
    40,
  );
  await settle();
  expect(server.revoking).toHaveLength(4);
  for (const { end } of server.revoking.splice(0)) end();
  await settle();
  expect(server.revoking).toHaveLength(8);
});

test('after a broken connection one call is sent alone; when it is not answered either, who waits is turned away', async () => {
  const server = new Scripted();
  const ends = revokeMany(pacedIssuer(server), 10);
  await settle();
  for (const { end } of server.revoking.splice(0)) end(SILENCE);
  await settle();
  expect(server.revoking.map(({ id }) => id)).toEqual(['4']);
  server.revoking[0]?.end(SILENCE);
  await settle();
  expect(server.revoking).toHaveLength(1);
  expect(ends.filter((end) => end === 'OutcomeUnknown')).toHaveLength(5);
  expect(ends.filter((end) => end === 'Unavailable')).toHaveLength(5);
});

test('a list is sent at once, even while nothing is answered', async () => {
  const server = new Scripted();
  const issuer = pacedIssuer(server);
  revokeMany(issuer, 10);
  await expect(issuer.list(() => true)).resolves.toEqual({ tokens: [], total: 0 });
});

test('an issuer that cannot change a token in place still cannot', () => {
  expect(pacedIssuer(new Scripted())).not.toHaveProperty('update');
});
