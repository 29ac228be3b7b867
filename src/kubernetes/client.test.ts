// The client against a server that behaves as no API server does.

import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { ManualClock } from '../../test/manual-clock.ts';
import { ScriptedServer } from '../../test/scripted-server.ts';
import { createClient, type ClientOptions, type KubernetesClient, type KubernetesRequest } from './client.ts';
import type { Connection, Credentials } from './connection.ts';

let server: ScriptedServer;
let agent: Agent;

beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.destroy());

/** A connection to the server with a token; `renewed` is what comes after a 401. */
function connection({ path = '', renewed }: { path?: string; renewed?: string } = {}): Connection {
  const withToken = (token: string): Credentials => ({
    headers: { authorization: `Bearer ${token}` },
    requests: agent,
    watches: agent,
  });
  return {
    server: new URL(server.url + path),
    namespace: undefined,
    current: undefined,
    credentials: async () => withToken('first'),
    renew: async () => (renewed === undefined ? undefined : withToken(renewed)),
    close: async () => undefined,
  };
}

function client(options: Partial<ClientOptions> = {}): KubernetesClient {
  return createClient({ connection: connection(), userAgent: 'operator/1', ...options });
}

/** What a promise is rejected with; handled from the start. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const get: KubernetesRequest = { method: 'GET', path: '/api/v1/things' };
const post: KubernetesRequest = { method: 'POST', path: '/api/v1/things', body: { a: 1 } };

describe('a request', () => {
  test('carries credentials, user agent and what it was given, and brings the parsed answer', async () => {
    server.script((_, response) => response.end('{"b":2}'));
    const query = { labelSelector: 'a=b,c', limit: '500' };
    await expect(client().request({ ...post, query })).resolves.toEqual({ b: 2 });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/api/v1/things?labelSelector=a%3Db%2Cc&limit=500',
        body: '{"a":1}',
        headers: {
          authorization: 'Bearer first',
          'user-agent': 'operator/1',
          accept: 'application/json',
          'content-type': 'application/json',
        },
      },
    ]);
  });

  test('goes below the path of the server, where it has one', async () => {
    server.script((_, response) => response.end('{}'));
    await client({ connection: connection({ path: '/k8s/clusters/c-1/' }) }).request(get);
    expect(server.seen[0]?.url).toBe('/k8s/clusters/c-1/api/v1/things');
  });

  test('passes on a body that is serialised already, and the content type it needs', async () => {
    server.script((_, response) => response.end('{}'));
    const contentType = 'application/json-patch+json';
    await client().request({ ...post, method: 'PATCH', body: '[ ]', contentType });
    expect(server.seen[0]).toMatchObject({ body: '[ ]', headers: { 'content-type': contentType } });
  });

  test('that is not let in is made once more with renewed credentials', async () => {
    server.script(({ headers }, response) => {
      response.writeHead(headers.authorization === 'Bearer second' ? 200 : 401).end('{}');
    });
    await client({ connection: connection({ renewed: 'second' }) }).request(post);
    expect(server.seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
  });

  test.each([
    ['there is nothing new', undefined, 1],
    ['the new credentials are no better', 'second', 2],
  ])('that is not let in fails when %s', async (_, renewed, requests) => {
    server.script((_, response) => response.writeHead(401).end('{"kind":"Status","reason":"Unauthorized"}'));
    await expect(
      client({ connection: connection(renewed === undefined ? {} : { renewed }) }).request(post),
    ).rejects.toMatchObject({ status: 401, reason: 'Unauthorized', outcome: 'refused' });
    expect(server.seen).toHaveLength(requests);
  });

  test.each([
    ['502 with a page', 502, '<html>', { status: 502, reason: 'Unreadable', outcome: 'unknown' }],
    ['a redirect', 302, '', { status: 302, reason: 'Unreadable', outcome: 'unknown' }],
    ['200 that is not JSON', 200, 'ok', { status: 200, reason: 'Unreadable', outcome: 'unknown' }],
    ['409', 409, '{"kind":"Status","reason":"AlreadyExists"}', { reason: 'AlreadyExists', outcome: 'refused' }],
  ])('answered by %s fails, and is not made again', async (_, status, body, error) => {
    server.script((_, response) => response.writeHead(status).end(body));
    await expect(client().request(post)).rejects.toMatchObject(error);
    expect(server.seen).toHaveLength(1);
  });

  test('whose connection breaks has an unknown outcome, and is not made again', async () => {
    server.script((_, response) => response.destroy());
    await expect(client().request(post)).rejects.toMatchObject({ reason: 'ConnectionFailed', outcome: 'unknown' });
    server.script((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a', () => response.destroy());
    });
    await expect(client().request(post)).rejects.toMatchObject({ reason: 'ConnectionFailed', outcome: 'unknown' });
    expect(server.seen).toHaveLength(1);
  });

  test('that reaches nobody fails', async () => {
    const nowhere = { ...connection(), server: new URL('http://127.0.0.1:1') };
    await expect(client({ connection: nowhere }).request(get)).rejects.toMatchObject({ reason: 'ConnectionFailed' });
  });

  test.each([
    ['8 s, unless it says otherwise', {}, 8000],
    ['as long as it says', { timeout: 50 }, 50],
  ])('waits for its answer %s', async (_, more, limit) => {
    const clock = new ManualClock();
    const asked = Promise.withResolvers<void>();
    server.script(() => asked.resolve());
    const result = failureOf(client({ clock }).request({ ...post, ...more }));
    await asked.promise;
    expect(clock.nextDue).toBe(limit);
    await clock.advance(limit);
    expect(await result).toMatchObject({
      reason: 'Timeout',
      outcome: 'unknown',
    });
    expect(clock.pending).toBe(0);
  });

  test('waits no longer for a credential plugin that hangs', async () => {
    const clock = new ManualClock();
    const hanging = { ...connection(), credentials: () => new Promise<never>(() => undefined) };
    const result = failureOf(client({ clock, connection: hanging }).request(get));
    await clock.advance(8000);
    expect(await result).toMatchObject({
      reason: 'Timeout',
    });
  });

  test('says why there are no credentials', async () => {
    const connectionWithout = { ...connection(), credentials: () => Promise.reject(new Error('exec: no such plugin')) };
    await expect(client({ connection: connectionWithout }).request(get)).rejects.toMatchObject({
      reason: 'ConnectionFailed',
      message: expect.stringContaining('no such plugin'),
    });
  });

  test('ends with whoever may end it: its own signal, or the one of the client, which also ends all later ones', async () => {
    const asked = Promise.withResolvers<void>();
    server.script(() => asked.resolve());
    const aborted = { reason: 'Aborted', outcome: 'unknown' };
    const own = new AbortController();
    const one = failureOf(client().request({ ...post, signal: own.signal }));
    await asked.promise;
    own.abort();
    expect(await one).toMatchObject(aborted);

    const stop = new AbortController();
    const stoppable = client({ signal: stop.signal });
    const all = Promise.all([1, 2, 3].map(() => failureOf(stoppable.request(post))));
    stop.abort();
    for (const failure of await all) expect(failure).toMatchObject(aborted);
    server.script((_, response) => response.end('{}'));
    await expect(stoppable.request(post)).rejects.toMatchObject(aborted);
    expect(server.seen).toHaveLength(0);
  });
});

describe('a stream', () => {
  test('brings the bytes as they come, without a limit of time', async () => {
    const clock = new ManualClock();
    const more = Promise.withResolvers<void>();
    server.script((_, response) => {
      response.write('one');
      void more.promise.then(() => response.end('two'));
    });
    const stream = await client({ clock }).stream(get);
    expect(clock.pending).toBe(0);
    const chunks: string[] = [];
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk).toString());
      more.resolve();
    }
    expect(chunks).toEqual(['one', 'two']);
  });

  test('ends for the server too when its reader leaves', async () => {
    const closed = Promise.withResolvers<void>();
    server.script((_, response) => {
      void once(response, 'close').then(() => closed.resolve());
      response.write('one');
    });
    for await (const _ of await client().stream(get)) break;
    await closed.promise;
  });

  test('that is refused fails at once', async () => {
    server.script((_, response) => response.writeHead(410).end('{"kind":"Status","reason":"Expired"}'));
    await expect(client().stream(get)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });

  test.each([
    ['breaks', 'ConnectionFailed'],
    ['is aborted', 'Aborted'],
  ])('that %s fails where it is read', async (how, reason) => {
    const abort = new AbortController();
    const end = Promise.withResolvers<void>();
    server.script((_, response) => {
      response.write('one');
      void end.promise.then(() => (how === 'breaks' ? response.destroy() : abort.abort()));
    });
    const stream = await client().stream({ ...get, signal: abort.signal });
    const reading = (async () => {
      for await (const _ of stream) end.resolve();
    })();
    await expect(reading).rejects.toMatchObject({ reason, outcome: 'unknown' });
  });

  test('that does not begin in time fails', async () => {
    const clock = new ManualClock();
    const asked = Promise.withResolvers<void>();
    server.script(() => asked.resolve());
    const result = failureOf(client({ clock }).stream(get));
    await asked.promise;
    await clock.advance(8000);
    expect(await result).toMatchObject({ reason: 'Timeout' });
  });
});
