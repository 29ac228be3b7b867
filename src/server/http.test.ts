import { once } from 'node:events';
import { request as send } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { healthRoutes, type Checks } from './health.ts';
import { serve, textPage, type Asked, type Route, type RunningServer } from './http.ts';

const running: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(routes: Record<string, Route>): Promise<RunningServer> {
  const server = await serve({ host: '127.0.0.1', port: 0 }, routes);
  running.push(server);
  return server;
}

async function ask(server: RunningServer, path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

describe('the server', () => {
  const routes = {
    '/page': () => textPage(200, 'hello\n'),
    '/broken': () => {
      throw new Error('hush');
    },
    '/accept': ({ accept }: Asked) => Promise.resolve(textPage(200, accept ?? 'none')),
  };

  test('answers a path, whatever the query', async () => {
    const { status, body, headers } = await ask(await start(routes), '/page?x=1');
    expect([status, body, headers.get('content-type')]).toEqual([200, 'hello\n', 'text/plain; charset=utf-8']);
  });

  test('gives the Accept header to the route', async () => {
    expect((await ask(await start(routes), '/accept', { headers: { accept: 'text/x' } })).body).toBe('text/x');
  });

  test('answers HEAD without a body', async () => {
    const { status, body, headers } = await ask(await start(routes), '/page', { method: 'HEAD' });
    expect([status, body, headers.get('content-length')]).toEqual([200, '', '6']);
  });

  test.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    const { status, headers } = await ask(await start(routes), '/page', { method });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test.each(['/', '/other', '/constructor', '/__proto__', '/page/'])(
    'knows no %s, and says what there is',
    async (path) => {
      const { status, body } = await ask(await start(routes), path);
      expect([status, body]).toEqual([404, 'not found; there is /page, /broken, /accept\n']);
    },
  );

  test('survives a broken route and does not tell why', async () => {
    const server = await start(routes);
    expect(await ask(server, '/broken')).toMatchObject({ status: 500, body: 'internal error\n' });
    expect(await ask(server, '/page')).toMatchObject({ status: 200 });
  });

  test('says where it cannot listen', async () => {
    const { port } = await start(routes);
    await expect(serve({ host: '127.0.0.1', port }, routes)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`,
    );
  });

  test('ends connections that are still open when it is closed', async () => {
    let asked = (): void => undefined;
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await start({
      '/never': () => {
        asked();
        return new Promise(() => undefined);
      },
    });
    const ended = new Promise((resolve) => {
      send({ host: '127.0.0.1', port: server.port, path: '/never' }).on('error', resolve).end();
    });
    await wasAsked;
    await server.close();
    expect(await ended).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('who asks too much', () => {
  const routes = { '/page': () => textPage(200, 'hello\n') };

  function open({ port }: RunningServer): Socket {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    return socket;
  }

  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  test('by headers of ten kilobytes is refused', async () => {
    const { status } = await ask(await start(routes), '/page', { headers: { padding: 'x'.repeat(10_000) } });
    expect(status).toBe(431);
  });

  test('by a request that never ends is cut off', async () => {
    const socket = open(await start(routes));
    socket.write('GET /page HTTP/1.1\r\nhost: a\r\n');
    socket.resume();
    await once(socket, 'close');
  });

  test('by more connections than a few is cut off, and those who were there are served', async () => {
    const server = await start(routes);
    const early = Array.from({ length: 64 }, () => open(server));
    await Promise.all(early.map((socket) => once(socket, 'connect')));
    const late = open(server).resume();
    await once(late, 'close');
    early[0]?.write('GET /page HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(String(await once(early[0] ?? late, 'data'))).toMatch(/^HTTP\/1.1 200/);
  });
});

describe('health', () => {
  async function health(live: Checks, ready: Checks): Promise<RunningServer> {
    return start(healthRoutes({ live, ready }));
  }

  test('is 200 when every check passes', async () => {
    const server = await health({ ping: () => undefined }, { stores: () => undefined, workers: () => undefined });
    expect(await ask(server, '/healthz')).toMatchObject({ status: 200, body: '[+]ping ok\nhealthz check passed\n' });
    expect(await ask(server, '/readyz')).toMatchObject({
      status: 200,
      body: '[+]stores ok\n[+]workers ok\nreadyz check passed\n',
    });
  });

  test('is 503 when one does not, and the body says which and why', async () => {
    const server = await health({}, { stores: () => 'databasetokens are not listed yet', workers: () => undefined });
    expect(await ask(server, '/readyz')).toMatchObject({
      status: 503,
      body: '[-]stores failed: databasetokens are not listed yet\n[+]workers ok\nreadyz check failed\n',
    });
    expect(await ask(server, '/healthz')).toMatchObject({ status: 200 });
  });

  test('changes with the checks', async () => {
    let wrong: string | undefined = 'not yet';
    const server = await health({}, { stores: () => wrong });
    expect((await ask(server, '/readyz')).status).toBe(503);
    wrong = undefined;
    expect((await ask(server, '/readyz')).status).toBe(200);
  });
});
