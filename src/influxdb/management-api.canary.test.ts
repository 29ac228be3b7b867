import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inspect } from 'node:util';

import { ScriptedServer } from '../../test/scripted-server.ts';
import { systemClock } from '../controller/clock.ts';
import { IssuerError } from './errors.ts';
import { HttpClient } from './http.ts';
import { ManagementAPI, tokensURL } from './management-api.ts';
import { TokenString } from './token-string.ts';

const id = '55555555-5555-4555-8555-555555555555';
const secret = `apiv1_${'5'.repeat(64)}`;
const adminToken = 'admin-canary-token';
const request = { description: 'a', permissions: [] };
const echo = `${adminToken} and ${secret} and Bearer ${adminToken}`;

let server: ScriptedServer;
let client: HttpClient;
let api: ManagementAPI;

beforeAll(async () => {
  server = await ScriptedServer.start();
  client = new HttpClient({ version: '0.0.0', clock: systemClock });
  const url = tokensURL(server.url, { product: 'Clustered' });
  api = new ManagementAPI({ http: client, clock: systemClock, url, credential: () => new TokenString(adminToken) });
});

afterAll(async () => {
  await client.close();
  server.close();
});

/** Every way to look at an error that a log, a condition or a debugger could take. */
function everythingOf(error: IssuerError): string {
  return [
    error.message,
    error.stack,
    String(error),
    inspect(error, { depth: 9, showHidden: true }),
    JSON.stringify(error),
  ].join('\n');
}

const calls: [string, () => Promise<unknown>][] = [
  ['list', () => api.list(() => true)],
  ['list with a marker', () => api.list(() => true, undefined, adminToken)],
  ['create', () => api.create(request)],
  ['get', () => api.get(id)],
  ['update', () => api.update(id, request)],
  ['revoke', () => api.revoke(id)],
];
const statuses = [200, 201, 204, 206, 302, 400, 401, 403, 404, 408, 409, 413, 429, 500, 503];
const bodies: [string, string, (status: number) => string][] = [
  ["the API's error", 'application/json', (code) => JSON.stringify({ code, message: echo })],
  ['a page', 'text/html', () => `<h1>${echo}</h1>`],
  [
    'a token in the wrong place',
    'application/json',
    () => JSON.stringify({ id: echo, description: echo, accessToken: secret }),
  ],
  ['fields named like it', 'application/json', () => JSON.stringify({ [adminToken]: 1, [secret]: 1 })],
  ['a list of it', 'application/json', () => JSON.stringify([echo, { id: echo, description: echo }])],
  ['cut JSON', 'application/json', () => `{"message":"${echo}`],
  ['text', 'text/plain', () => echo],
];
const table = calls.flatMap(([name, call]) =>
  bodies.map(([what, type, body]) => [name, what, type, body, call] as const),
);

test.each(table)(
  '%s, answered with %s that repeats our secrets, shows none of them',
  async (_, _what, type, body, call) => {
    for (const status of statuses) {
      const location = `https://${adminToken}.example.com/${secret}?${secret}`;
      server.answer(status, body(status), { 'content-type': type, 'retry-after': secret, date: secret, location });
      const error: unknown = await call().then(
        () => undefined,
        (error: unknown) => error,
      );
      const shown = error instanceof IssuerError ? everythingOf(error) : inspect(error);
      expect(shown).not.toContain(secret);
      expect(shown.toLowerCase()).not.toContain(adminToken);
      expect(error instanceof IssuerError ? error.message : '').toMatch(/^[\x20-\x7e…]*$/);
    }
  },
);

test.each(calls)('%s, cut off or answered with what is not HTTP, shows none of our secrets', async (_, call) => {
  const beginnings = [
    `${secret}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n["${echo}`,
    `HTTP/1.1 200 ${secret}\r\n${secret}\r\n\r\n`,
    '',
  ];
  for (const beginning of beginnings) {
    server.script((_, response) => response.socket?.end(beginning));
    const error: unknown = await call().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(IssuerError);
    const shown = error instanceof IssuerError ? everythingOf(error) : '';
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(adminToken);
  }
});
