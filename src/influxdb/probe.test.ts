import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type http from 'node:http';

import { ManualClock } from '../../test/manual-clock.ts';
import { ScriptedServer } from '../../test/scripted-server.ts';
import { waitFor } from '../../test/wait.ts';
import { HttpClient } from './http.ts';
import type { Permission } from './issuer.ts';
import { DataAPIProbe, probeTarget, type ProbeTarget, type ProbeVerdict } from './probe.ts';
import { TokenString } from './token-string.ts';

const secret = `apiv1_${'5'.repeat(64)}`;
const token = new TokenString(secret);
const clock = new ManualClock();

let server: ScriptedServer;
let client: HttpClient;

beforeAll(async () => {
  server = await ScriptedServer.start();
  client = new HttpClient({ version: '0.0.0', clock });
});

afterAll(async () => {
  await client.close();
  server.close();
});

function probe(
  action: ProbeTarget['action'],
  more: { dataURL?: string; signal?: AbortSignal } = {},
): Promise<ProbeVerdict> {
  const target = { dataURL: more.dataURL ?? server.url, database: 'a&b', action };
  return new DataAPIProbe(client).probe(target, token, more.signal);
}

describe('probeTarget', () => {
  const read = (resource: string): Permission => ({ action: 'read', resource });
  const write = (resource: string): Permission => ({ action: 'write', resource });

  test.each<[string, Permission[], ProbeTarget | undefined]>([
    ['nothing for a token without access', [], undefined],
    ['nothing for a token for all databases only', [read('*'), write('*')], undefined],
    ['the first database by name', [read('b'), read('a')], { database: 'a', action: 'read' }],
    ['reading before writing', [write('a'), read('a')], { database: 'a', action: 'read' }],
    ['writing, if the first database is only written', [read('b'), write('a')], { database: 'a', action: 'write' }],
    ['a named database beside all', [read('*'), write('a')], { database: 'a', action: 'write' }],
  ])('%s', (_, permissions, target) => {
    expect(probeTarget(permissions)).toEqual(target);
  });
});

describe('a probe', () => {
  test('reads by asking for one measurement', async () => {
    server.answer(200, { results: [] });
    await expect(probe('read', { dataURL: `${server.url}/prefix/` })).resolves.toEqual({ kind: 'accepted' });
    const url = '/prefix/query?db=a%26b&q=SHOW%20MEASUREMENTS%20LIMIT%201';
    expect(server.seen).toMatchObject([
      { method: 'GET', url, body: '', headers: { authorization: `Bearer ${secret}` } },
    ]);
  });

  test('writes by writing nothing', async () => {
    server.answer(204);
    await expect(probe('write')).resolves.toEqual({ kind: 'accepted' });
    const url = '/api/v2/write?bucket=a%26b';
    expect(server.seen).toMatchObject([
      { method: 'POST', url, body: '', headers: { authorization: `Bearer ${secret}` } },
    ]);
  });

  const html = { 'content-type': 'text/html' };
  test.each<[string, 'read' | 'write', number, unknown, http.OutgoingHttpHeaders, ProbeVerdict['kind']]>([
    ['a query that failed of itself', 'read', 200, { results: [{ error: 'no measurements' }] }, {}, 'accepted'],
    ['a login page', 'read', 200, '<h1>log in</h1>', html, 'no-verdict'],
    ['JSON of something else', 'read', 200, { hello: 'world' }, {}, 'no-verdict'],
    ['no content', 'read', 204, undefined, {}, 'no-verdict'],
    ['a login page', 'write', 200, '<h1>log in</h1>', html, 'no-verdict'],
    [
      "an empty body that is refused in the API's words",
      'write',
      400,
      { code: 'invalid', message: 'empty' },
      {},
      'accepted',
    ],
    ['a 400 of somebody else', 'write', 400, 'bad request', html, 'no-verdict'],
    ['a 400', 'read', 400, { error: 'bad query' }, {}, 'no-verdict'],
    ['401', 'read', 401, { code: 'unauthorized', message: 'unauthorized access' }, {}, 'not-active'],
    ['401 without a body', 'write', 401, undefined, {}, 'not-active'],
    ['403', 'read', 403, { error: 'not allowed' }, {}, 'forbidden'],
    ['403', 'write', 403, { code: 'forbidden', message: 'not allowed' }, {}, 'forbidden'],
    ['403 of a firewall', 'read', 403, '<h1>no</h1>', html, 'no-verdict'],
    ['404', 'read', 404, { error: 'no such database' }, {}, 'no-database'],
    ['404', 'write', 404, { code: 'not found', message: 'no such database' }, {}, 'no-database'],
    ['404 of an ingress', 'write', 404, '<h1>no</h1>', html, 'no-verdict'],
    ['a redirect', 'read', 302, undefined, { location: '/login' }, 'no-verdict'],
    ['429', 'read', 429, { code: 'too many requests', message: 'wait' }, {}, 'no-verdict'],
    ['500', 'read', 500, { code: 'internal error', message: 'oh' }, {}, 'no-verdict'],
    ['503', 'write', 503, '<h1>no</h1>', html, 'no-verdict'],
  ])('%s to a %s (%d)', async (_, action, status, body, headers, kind) => {
    server.answer(status, body, headers);
    await expect(probe(action)).resolves.toMatchObject({ kind });
  });

  test('messages say what happened, and repeat no token', async () => {
    server.answer(403, { code: 'forbidden', message: `${secret} may\nnot` });
    const message = 'the data API forbids to read a&b: [redacted] may not';
    await expect(probe('read')).resolves.toEqual({ kind: 'forbidden', message });
    server.answer(502, '<h1>Bad gateway</h1>', html);
    const verdict = { kind: 'no-verdict', message: 'the data API answered 502 with HTML; check spec.dataURL' };
    await expect(probe('read')).resolves.toEqual(verdict);
  });

  test('what fails on the way is no verdict', async () => {
    await expect(probe('read', { dataURL: 'https://does-not-exist.invalid' })).resolves.toEqual({
      kind: 'no-verdict',
      message: 'does-not-exist.invalid: its name cannot be resolved; check spec.dataURL',
    });
    server.script((_, response) => response.destroy());
    await expect(probe('write')).resolves.toMatchObject({ kind: 'no-verdict' });
    const unfit = new DataAPIProbe(client).probe(
      { dataURL: server.url, database: 'a', action: 'read' },
      new TokenString('a\nb'),
    );
    await expect(unfit).resolves.toEqual({ kind: 'no-verdict', message: 'the token cannot stand in a header' });
  });

  test('no answer within ten seconds is no verdict', async () => {
    const received = Promise.withResolvers<void>();
    server.script(() => received.resolve());
    const verdict = probe('read');
    await received.promise;
    await clock.advance(10_000);
    await expect(verdict).resolves.toMatchObject({ kind: 'no-verdict', message: expect.stringContaining('in time') });
  });

  test('an aborted probe rejects with the reason', async () => {
    const abort = new AbortController();
    server.script(() => abort.abort('enough'));
    await expect(probe('read', { signal: abort.signal })).rejects.toBe('enough');
    await expect(probe('read', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });

  test('no more than four are under way at a time', async () => {
    const waiting: http.ServerResponse[] = [];
    server.script((_, response) => void waiting.push(response));
    const probes = new DataAPIProbe(client);
    const verdicts = Array.from({ length: 6 }, () =>
      probes.probe({ dataURL: server.url, database: 'a', action: 'write' }, token),
    );
    await waitFor(() => waiting.length === 4, { what: 'four probes' });
    await clock.settle();
    expect(waiting).toHaveLength(4);
    waiting[0]?.writeHead(204).end();
    await waitFor(() => waiting.length === 5, { what: 'a fifth probe' });
    server.answer(204);
    for (const response of waiting.slice(1)) response.writeHead(204).end();
    await expect(Promise.all(verdicts)).resolves.toEqual(Array.from({ length: 6 }, () => ({ kind: 'accepted' })));
  });
});
