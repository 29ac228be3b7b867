import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';

import { ManualClock } from '../../test/manual-clock.ts';
import { ScriptedServer, type SeenRequest } from '../../test/scripted-server.ts';
import { waitFor } from '../../test/wait.ts';
import { describeError } from '../logging.ts';
import { IssuerError } from './errors.ts';
import { HttpClient } from './http.ts';
import type { TokenRequest } from './issuer.ts';
import { ManagementAPI, tokensURL } from './management-api.ts';
import { TokenString } from './token-string.ts';

const id = '55555555-5555-4555-8555-555555555555';
const secret = `apiv1_${'5e'.repeat(32)}`;
const request: TokenRequest = { description: 'a [marker]', permissions: [{ action: 'read', resource: 'sensors' }] };
const created = { id, ...request, createdAt: '2026-01-01T00:00:00Z', accessToken: secret };
const GIGABYTE = 1024 ** 3;
/** What buffers on the way hold, besides the little that is read. */
const FEW = 32 * 1024 * 1024;

let server: ScriptedServer;
let client: HttpClient;
let api: ManagementAPI;

beforeAll(async () => {
  server = await ScriptedServer.start();
  const clock = new ManualClock();
  client = new HttpClient({ version: '0.0.0', clock });
  const url = tokensURL(server.url, { product: 'Clustered' });
  api = new ManagementAPI({ http: client, clock, url, credential: () => new TokenString('admin') });
});

afterAll(async () => {
  await client.close();
  server.close();
});

const calls = {
  create: () => api.create(request),
  get: () => api.get(id),
  update: () => api.update(id, { description: 'b' }),
  revoke: () => api.revoke(id),
  list: () => api.list(() => true),
} as const;
const everyCall = Object.entries(calls);
/** Those whose answer is read. */
const reading = everyCall.filter(([name]) => name !== 'revoke');

async function failure(promise: Promise<unknown>): Promise<IssuerError> {
  const error: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (error instanceof IssuerError) return error;
  throw new Error('not an IssuerError', { cause: error });
}

/** Answers with a beginning, and then the same piece again and again up to a gigabyte; tells how much went out, and when that came to an end. */
function flood(begin: string, piece: string, status = 200) {
  const progress = { sent: 0, ended: false };
  const bytes = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)));
  server.script((_: SeenRequest, response: ServerResponse) => {
    const more = (): void => {
      while (progress.sent < GIGABYTE && !response.destroyed) {
        progress.sent += bytes.length;
        if (!response.write(bytes)) return void response.once('drain', more);
      }
      response.end();
    };
    response.on('close', () => (progress.ended = true));
    response.writeHead(status, { 'content-type': 'application/json' }).write(begin);
    more();
  });
  return progress;
}

describe('an answer of a gigabyte', () => {
  test.each(reading)('is cut off long before its end by %s', async (name, call) => {
    const progress = flood(name === 'list' ? '[{"description":"' : '{"description":"', 'x');
    const { message } = await failure(call());
    expect(message.length).toBeLessThan(500);
    await waitFor(() => progress.ended, { what: 'the connection to be closed' });
    expect(progress.sent).toBeLessThan(FEW);
  });

  test.each(everyCall)('that is an error is cut off likewise by %s', async (_, call) => {
    const progress = flood('{"code":400,"message":"', 'x', 400);
    await failure(call());
    await waitFor(() => progress.ended, { what: 'the connection to be closed' });
    expect(progress.sent).toBeLessThan(FEW);
  });
});

describe('an answer that is nested very deep', () => {
  const deep = `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`;

  test.each(reading)('is refused by %s, and nothing overflows', async (name, call) => {
    server.answer(200, name === 'list' ? `[${deep}]` : deep);
    expect(['Unreadable', 'OutcomeUnknown']).toContain((await failure(call())).kind);
  });

  test('beside what is asked for is passed over', async () => {
    server.answer(200, `{"x":${deep},${JSON.stringify(created).slice(1)}`);
    await expect(api.create(request)).resolves.toMatchObject({ info: { id } });
  });
});

test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
  'the key %s in an answer changes no prototype and gets into no result',
  async (key) => {
    const polluted = `{"${key}":{"polluted":true,"revokedAt":"2026-01-01T00:00:00Z"},${JSON.stringify(created).slice(1)}`;
    server.answer(200, polluted);
    const { info } = await api.create(request);
    expect(Object.getOwnPropertyNames(info).sort()).toEqual(['createdAt', 'description', 'id', 'permissions']);
    expect(info.revokedAt).toBeUndefined();
    server.answer(200, `[${polluted}]`);
    expect((await api.list(() => true)).tokens).toEqual([info]);
    expect({}).not.toHaveProperty('polluted');
    expect(Object.getPrototypeOf(info)).toBe(Object.prototype);
  },
);

test.each([
  ['a line break', `${secret}\nX-Injected: yes`],
  ['a carriage return', `${secret}\r`],
  ['a null character', `${secret}\0`],
  ['a space', `${secret} x`],
  ['an escape sequence', `${secret}\u001b[2J`],
  ['letters of other scripts', `${secret}é`],
])('a token string with %s is none: the outcome is unknown, and nothing of it is told', async (_, accessToken) => {
  server.answer(200, { ...created, accessToken });
  const error = await failure(api.create(request));
  expect(error).toMatchObject({ kind: 'OutcomeUnknown', message: expect.stringContaining('accessToken') });
  expect(JSON.stringify(describeError(error))).not.toContain(secret.slice(0, 16));
});

test('an answer that unpacks to more than it is is not unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
  server.script((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(bomb);
  });
  expect((await failure(api.get(id))).kind).toBe('Unreadable');
  expect(server.seen[0]?.headers).not.toHaveProperty('accept-encoding');
});

test('a header of a megabyte is an error like any other', async () => {
  server.script((_, response) => {
    response.writeHead(200, { 'x-filler': 'x'.repeat(1024 * 1024) }).end('{}');
  });
  expect((await failure(api.get(id))).message).not.toContain('xxx');
});

test('what a server says in an error cannot forge lines or drive a terminal, however long it is', async () => {
  const message = `no\n{"level":"fatal"}\u001b[2J\u009b31m\u202e${'a b '.repeat(100_000)}`;
  server.answer(400, { code: 400, message });
  const error = await failure(api.create(request));
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(error.message.length).toBeLessThan(500);
});
