import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import http from 'node:http';
import net, { type LookupFunction } from 'node:net';

import { client, closeAll, failure, listen, onBytes, post } from '../../test/http-client.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import { readText } from './http.ts';
import { explain } from './network-failure.ts';

afterEach(closeAll);

describe('an exchange', () => {
  test('sends method, path, headers and body, says who asks, and gives status, headers and body back', async () => {
    const server = http.createServer((request, response) => {
      request.setEncoding('utf8').once('data', (body: string) => {
        const { method, url, headers } = request;
        response.writeHead(418, { 'x-seen': 'yes' }).end(JSON.stringify({ method, url, headers, body }));
      });
    });
    const port = await listen(server);
    const request = post(`http://127.0.0.1:${port}/a?b=c%20d`, { headers: { authorization: 'Bearer x' }, body: 'é' });
    const clock = new ManualClock();
    const answer = await client({ clock }).exchange(request, async (answer) => ({
      ...answer,
      text: await readText(answer),
    }));
    expect(answer).toMatchObject({
      status: 418,
      headers: { 'x-seen': 'yes' },
      sentAt: clock.now(),
      receivedAt: clock.now(),
    });
    expect(JSON.parse(answer.text ?? '')).toMatchObject({
      method: 'POST',
      url: '/a?b=c%20d',
      body: 'é',
      headers: { authorization: 'Bearer x', 'user-agent': 'influxdb-token-operator/1.2.3', accept: 'application/json' },
    });
    expect(clock.pending).toBe(0);
  });

  test('never follows a redirect', async () => {
    let requests = 0;
    const server = http.createServer((_, response) => {
      requests += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const port = await listen(server);
    const status = await client().exchange(post(`http://127.0.0.1:${port}/`), (answer) =>
      Promise.resolve(answer.status),
    );
    expect({ status, requests }).toEqual({ status: 307, requests: 1 });
  });

  test('passes on what the reader throws, and frees the connection', async () => {
    const server = http.createServer((_, response) => void response.write('the beginning'));
    const port = await listen(server);
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    const reading = client().exchange(post(`http://127.0.0.1:${port}/`), () => Promise.reject(new Error('mine')));
    await expect(reading).rejects.toThrow('mine');
    await closed;
  });

  test('reads no more than 1 MiB of a single answer', async () => {
    const server = http.createServer((_, response) => void response.end('x'.repeat(1024 * 1024 + 1)));
    const port = await listen(server);
    await expect(client().exchange(post(`http://127.0.0.1:${port}/`), readText)).resolves.toBeUndefined();
  });
});

describe('whether anything was sent', () => {
  test('nothing was, where the connection is refused', async () => {
    const server = net.createServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    const error = await failure(client().exchange(post(`http://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', sent: false, answered: false });
  });

  test.each<[string, Parameters<LookupFunction>[2] extends (error: null, ...found: infer F) => void ? F : never]>([
    ['one address', ['169.254.169.254', 4]],
    [
      'any of several',
      [
        [
          { address: '127.0.0.1', family: 4 },
          { address: 'fe80::1', family: 6 },
        ],
      ],
    ],
  ])('nothing was, where the name leads to a link-local address: %s', async (_, found) => {
    const lookup: LookupFunction = (_name, _options, callback) => callback(null, ...found);
    const error = await failure(client({ lookup }).exchange(post('http://influxdb.example.com/'), readText));
    expect(error).toMatchObject({ code: 'LINK_LOCAL', sent: false, answered: false });
    expect(explain(error.code, 'spec.url')).toMatch(/link-local address.*; check spec\.url/);
  });

  test('nothing was, where the name does not resolve', async () => {
    const error = await failure(client().exchange(post('http://does-not-exist.invalid/'), readText));
    expect(error.sent).toBe(false);
    expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  test('nothing was, where the connection is reset in the TLS handshake', async () => {
    const port = await listen(onBytes((socket) => socket.resetAndDestroy()));
    const error = await failure(client().exchange(post(`https://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'ECONNRESET', sent: false });
  });

  test('something was, where the connection is reset after the request', async () => {
    const port = await listen(onBytes((socket) => socket.resetAndDestroy()));
    const error = await failure(client().exchange(post(`http://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'ECONNRESET', sent: true, answered: false });
  });

  test('something was, where the answer is not HTTP, and what it was is not kept', async () => {
    const port = await listen(onBytes((socket) => socket.end('apiv1_secret\r\n\r\n')));
    const error = await failure(client().exchange(post(`http://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'NOT_HTTP', sent: true });
    expect(error.cause).toBeUndefined();
  });

  test.each([
    ['a promised length', 'content-length: 100\r\n\r\nabc'],
    ['chunks', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ])('an answer was begun, where its body is cut short of %s', async (_, rest) => {
    const port = await listen(onBytes((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)));
    const error = await failure(client().exchange(post(`http://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', sent: true, answered: true });
  });
});

describe('an end', () => {
  test('the deadline holds for the headers', async () => {
    const clock = new ManualClock();
    const received = Promise.withResolvers<void>();
    const port = await listen(onBytes(() => received.resolve()));
    const failed = failure(
      client({ clock }).exchange(post(`http://127.0.0.1:${port}/`, { deadline: 10_000 }), readText),
    );
    await received.promise;
    await clock.advance(10_000);
    await expect(failed).resolves.toMatchObject({ code: 'TOO_SLOW', slow: true, sent: true, answered: false });
  });

  test('and for the body as well', async () => {
    const clock = new ManualClock();
    const port = await listen(
      onBytes((socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc')),
    );
    const reading = Promise.withResolvers<void>();
    const failed = failure(
      client({ clock }).exchange(post(`http://127.0.0.1:${port}/`), (answer) => {
        reading.resolve();
        return readText(answer);
      }),
    );
    await reading.promise;
    await clock.advance(5_000);
    await expect(failed).resolves.toMatchObject({ code: 'TOO_SLOW', sent: true, answered: true });
  });

  test('an abort between two reads of the body is no uncaught exception', async () => {
    const abort = new AbortController();
    const port = await listen(
      onBytes((socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc')),
    );
    const failed = failure(
      client().exchange(post(`http://127.0.0.1:${port}/`, { signal: abort.signal }), async (answer) => {
        abort.abort();
        await new Promise((resolve) => setImmediate(resolve));
        return readText(answer);
      }),
    );
    await expect(failed).resolves.toMatchObject({ code: 'ABORTED', answered: true });
  });

  test('a signal that has fired sends nothing', async () => {
    const request = post('http://does-not-exist.invalid/', { signal: AbortSignal.abort(new Error('enough')) });
    await expect(client().exchange(request, readText)).rejects.toThrow('enough');
  });

  test('closing ends requests in flight, and refuses new ones before anything is sent', async () => {
    const received = Promise.withResolvers<void>();
    const port = await listen(onBytes(() => received.resolve()));
    const http = client();
    const failed = failure(http.exchange(post(`http://127.0.0.1:${port}/`), readText));
    await received.promise;
    await http.close();
    await expect(failed).resolves.toMatchObject({ code: 'UND_ERR_DESTROYED', sent: true });
    const after = await failure(http.exchange(post(`http://127.0.0.1:${port}/`), readText));
    expect(after).toMatchObject({ code: 'UND_ERR_DESTROYED', sent: false });
  });
});
