import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';

import { ManualClock } from '../../test/manual-clock.ts';
import { ScriptedServer } from '../../test/scripted-server.ts';
import { IssuerError } from './errors.ts';
import { HttpClient } from './http.ts';
import type { TokenRequest } from './issuer.ts';
import { ManagementAPI, tokensURL } from './management-api.ts';
import { TokenString } from './token-string.ts';

const id = '55555555-5555-4555-8555-555555555555';
const secret = `apiv1_${'5'.repeat(64)}`;
const adminToken = 'admin-canary-token';
const request: TokenRequest = { description: 'a [marker]', permissions: [{ action: 'read', resource: 'sensors' }] };
const json = { id, ...request, createdAt: '2026-01-01T00:00:00Z' };
const created = { ...json, accessToken: secret };

let credential = adminToken;
let server: ScriptedServer;
let client: HttpClient;
let api: ManagementAPI;
const clock = new ManualClock();

beforeAll(async () => {
  server = await ScriptedServer.start();
  client = new HttpClient({ version: '0.0.0', clock });
  const url = tokensURL(server.url, { product: 'Clustered' });
  api = new ManagementAPI({ http: client, clock, url, credential: () => new TokenString(credential) });
});

afterEach(() => {
  credential = adminToken;
});

afterAll(async () => {
  await client.close();
  server.close();
});

async function failure(promise: Promise<unknown>): Promise<IssuerError> {
  const error: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (error instanceof IssuerError) return error;
  throw new Error('not an IssuerError', { cause: error });
}

describe('tokensURL', () => {
  const cloud = { product: 'CloudDedicated', accountID: 'a/1', clusterID: 'c1' } as const;
  test.each([
    ['https://influxdb.example.com', { product: 'Clustered' } as const, 'https://influxdb.example.com/api/v0/tokens'],
    [
      'https://example.com:8443/influxdb/',
      { product: 'Clustered' } as const,
      'https://example.com:8443/influxdb/api/v0/tokens',
    ],
    [
      'https://console.influxdata.com',
      cloud,
      'https://console.influxdata.com/api/v0/accounts/a%2F1/clusters/c1/tokens',
    ],
  ])('%s', (base, product, expected) => {
    expect(tokensURL(base, product).href).toBe(expected);
  });
});

describe('create', () => {
  test('asks for what is wanted, and gives the string in a wrapper', async () => {
    server.answer(200, created);
    const { info, string } = await api.create({ ...request, expiresAt: Date.UTC(2030, 0, 1) });
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/api/v0/tokens' }]);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ ...request, expiresAt: '2030-01-01T00:00:00.000Z' });
    expect(info).toEqual({ id, ...request, createdAt: Date.UTC(2026, 0, 1) });
    expect(string.reveal()).toBe(secret);
    expect(inspect(info)).not.toContain(secret);
  });

  test('tolerates new fields, null for absent, and times with an offset', async () => {
    server.answer(200, {
      ...created,
      createdAt: '2026-01-01T01:00:00.123456789+01:00',
      permissions: null,
      expiresAt: null,
      owner: {},
    });
    const { info } = await api.create(request);
    expect(info).toEqual({
      id,
      description: request.description,
      permissions: [],
      createdAt: Date.UTC(2026, 0, 1, 0, 0, 0, 123),
    });
  });

  test.each([
    ['no string', { ...created, accessToken: undefined }, 'accessToken'],
    ['a string that is too short', { ...created, accessToken: secret.slice(0, 63) }, 'accessToken'],
    ['a string with a line break', { ...created, accessToken: `${secret}\n` }, 'accessToken'],
    ['a string with a space', { ...created, accessToken: `${secret} ` }, 'accessToken'],
    ['a string beyond ASCII', { ...created, accessToken: `${secret}é` }, 'accessToken'],
    ['a description that is not ours', { ...created, description: 'another' }, 'description'],
    ['an id that is none', { ...created, id: '../databases' }, 'id'],
    ['a time that is none', { ...created, createdAt: 'today' }, 'createdAt'],
    ['an unknown action', { ...created, permissions: [{ action: 'own', resource: 'x' }] }, 'permissions'],
    ['a list', [created], 'the whole'],
    ['null', null, 'the whole'],
  ])('an answer with %s leaves the outcome unknown', async (_, body, field) => {
    server.answer(200, body);
    const error = await failure(api.create(request));
    expect(error).toMatchObject({ kind: 'OutcomeUnknown', status: 200 });
    expect(error.message).toContain(`${field} is missing or malformed; whether it took effect is unknown`);
  });

  test('an answer that is too large leaves the outcome unknown', async () => {
    server.answer(200, { ...created, padding: 'x'.repeat(1024 * 1024) });
    await expect(failure(api.create(request))).resolves.toMatchObject({ kind: 'OutcomeUnknown' });
  });
});

describe('get', () => {
  test('reads one token', async () => {
    server.answer(200, { ...json, revokedAt: '2026-01-01T00:00:01Z', expiresAt: '2027-01-01T00:00:00Z' });
    await expect(api.get(id)).resolves.toEqual({
      id,
      ...request,
      createdAt: Date.UTC(2026, 0, 1),
      expiresAt: Date.UTC(2027, 0, 1),
      revokedAt: Date.UTC(2026, 0, 1, 0, 0, 1),
    });
    expect(server.seen).toMatchObject([{ method: 'GET', url: `/api/v0/tokens/${id}` }]);
  });

  test('another token than the one asked for is no answer', async () => {
    server.answer(200, { ...json, id: '66666666-5555-4555-8555-555555555555' });
    await expect(failure(api.get(id))).resolves.toMatchObject({ kind: 'Unreadable' });
  });

  test("404 in the API's own JSON says that there is none; any other 404 says nothing", async () => {
    server.answer(404, { code: 404, message: 'not found' });
    await expect(api.get(id)).resolves.toBeUndefined();
    server.answer(404, { code: 'not found', message: 'not found' });
    await expect(failure(api.get(id))).resolves.toMatchObject({ kind: 'Unreadable' });
  });
});

describe('update', () => {
  test('sends what is to change, and gives back what the server made of it', async () => {
    server.answer(200, { ...json, permissions: [] });
    await expect(api.update(id, { permissions: [] })).resolves.toMatchObject({ id, permissions: [] });
    await api.update(id, { description: 'b' });
    expect(server.seen).toMatchObject([
      { method: 'PATCH', url: `/api/v0/tokens/${id}`, body: '{"permissions":[]}' },
      { method: 'PATCH', url: `/api/v0/tokens/${id}`, body: '{"description":"b"}' },
    ]);
  });

  test('of a token that is not there, or that is answered with another, fails', async () => {
    server.answer(404, { code: 404, message: 'not found' });
    await expect(failure(api.update(id, { description: 'b' }))).resolves.toMatchObject({ kind: 'NotFound' });
    server.answer(200, { ...json, id: '66666666-5555-4555-8555-555555555555' });
    await expect(failure(api.update(id, { description: 'b' }))).resolves.toMatchObject({ kind: 'OutcomeUnknown' });
  });
});

describe('revoke', () => {
  test('204 is success, 404 of the API says that there is none', async () => {
    server.answer(204);
    await expect(api.revoke(id)).resolves.toBe(true);
    expect(server.seen).toMatchObject([{ method: 'DELETE', url: `/api/v0/tokens/${id}`, body: '' }]);
    server.answer(404, { code: 404, message: 'not found' });
    await expect(api.revoke(id)).resolves.toBe(false);
  });

  test('a 404 of somebody else, or any other success, is not', async () => {
    server.answer(404, '<h1>404</h1>', { 'content-type': 'text/html' });
    await expect(failure(api.revoke(id))).resolves.toMatchObject({ kind: 'Refused' });
    server.answer(200, 'please log in', { 'content-type': 'text/html' });
    await expect(failure(api.revoke(id))).resolves.toMatchObject({ kind: 'OutcomeUnknown' });
  });
});

describe('list', () => {
  test('keeps what is asked for', async () => {
    server.answer(200, [json, { ...json, description: 'b' }]);
    await expect(api.list(({ description }) => description === 'b')).resolves.toMatchObject({
      total: 2,
      tokens: [{ description: 'b' }],
    });
  });

  test.each([
    ['an object', 200, { code: 404, message: 'not found' }],
    ['a part of the list', 206, [json]],
    ['no content', 204, undefined],
    ['an entry that is malformed', 200, [{ ...json, id: 'none' }]],
  ])('%s is not a list', async (_, status, body) => {
    server.answer(status, body);
    await expect(failure(api.list(() => true))).resolves.toMatchObject({ kind: 'Unreadable' });
  });

  test('a list that is cut off in the middle is an error', async () => {
    server.script((_, response) => {
      response.writeHead(200, { 'content-length': 10_000 });
      response.write(JSON.stringify([json]).slice(0, -1), () => response.destroy());
    });
    await expect(failure(api.list(() => true))).resolves.toMatchObject({ kind: 'Unreadable' });
  });
});

describe('every call', () => {
  type Call = (signal?: AbortSignal, id?: string) => Promise<unknown>;
  const reads: [string, Call][] = [
    ['list', (signal) => api.list(() => true, signal)],
    ['get', (signal, of = id) => api.get(of, signal)],
  ];
  const changes: [string, Call][] = [
    ['create', (signal) => api.create(request, signal)],
    ['update', (signal, of = id) => api.update(of, request, signal)],
    ['revoke', (signal, of = id) => api.revoke(of, signal)],
  ];
  const calls = [...reads, ...changes];
  const callsWithID = calls.filter(([name]) => name !== 'list' && name !== 'create');

  test.each(calls)('%s asks for the credential anew', async (_, call) => {
    server.answer(401);
    await expect(failure(call())).resolves.toMatchObject({ kind: 'CredentialsRejected', status: 401 });
    credential = 'another';
    await failure(call());
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${adminToken}`, 'Bearer another']);
  });

  test.each(calls)('%s sends no credential that would break the header', async (_, call) => {
    server.answer(200, []);
    for (credential of ['', 'two words', 'line\nbreak: x', 'é']) {
      await expect(failure(call())).resolves.toMatchObject({ kind: 'CredentialsRejected', status: undefined });
    }
    expect(server.seen).toEqual([]);
  });

  test.each(callsWithID)('%s puts nothing but a UUID into the URL', async (_, call) => {
    server.answer(200, json);
    for (const bad of ['', '..', `${id}/../../databases`, `${id}?x`, `${id}\n`, 'none']) {
      await expect(failure(call(undefined, bad))).resolves.toMatchObject({ kind: 'Refused' });
    }
    expect(server.seen).toEqual([]);
  });

  test.each(calls)('%s rejects with the reason of a signal that fired before', async (_, call) => {
    server.answer(200, []);
    await expect(call(AbortSignal.abort('enough'))).rejects.toBe('enough');
    expect(server.seen).toEqual([]);
  });

  test.each(reads)('%s that is aborted on the way rejects with the reason', async (_, call) => {
    const abort = new AbortController();
    server.script(() => abort.abort('enough'));
    await expect(call(abort.signal)).rejects.toBe('enough');
  });

  test.each(changes)('%s that is aborted on the way has an unknown outcome', async (_, call) => {
    const abort = new AbortController();
    server.script(() => abort.abort('enough'));
    await expect(failure(call(abort.signal))).resolves.toMatchObject({ kind: 'OutcomeUnknown' });
  });

  test.each([
    ['list', 120_000, 'Unavailable'],
    ['get', 10_000, 'Unavailable'],
    ['create', 10_000, 'OutcomeUnknown'],
    ['update', 10_000, 'OutcomeUnknown'],
    ['revoke', 10_000, 'OutcomeUnknown'],
  ])('%s gives up after %d ms: %s', async (name, deadline, kind) => {
    const received = Promise.withResolvers<void>();
    server.script(() => received.resolve());
    const failed = failure(new Map(calls).get(name)?.() ?? Promise.resolve());
    await received.promise;
    await clock.advance(deadline);
    await expect(failed).resolves.toMatchObject({ kind });
  });
});

describe('clockSkew', () => {
  test('follows the last answer of success', async () => {
    expect(api.clockSkew).not.toBeNaN();
    const ahead = (milliseconds: number): string => new Date(clock.now() - 500 + milliseconds).toUTCString();
    await clock.advance(500 - (clock.now() % 1000));
    server.answer(200, json, { date: ahead(60_000) });
    await api.get(id);
    expect(api.clockSkew).toBe(60_000);
    server.answer(200, json, { date: 'never' });
    await api.get(id);
    expect(api.clockSkew).toBe(60_000);
    server.answer(500, json, { date: ahead(0) });
    await failure(api.get(id));
    expect(api.clockSkew).toBe(60_000);
  });
});
