import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ManualClock } from '../manual-clock.ts';
import { Client, list, object } from '../simulator/client.ts';
import type { Reply } from '../simulator/client.ts';
import { Simulator } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';

const PATH = '/api/v0/tokens';

let simulator: Simulator;
let client: Client;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  simulator = await Simulator.start({ clock });
  client = new Client(simulator);
});

afterEach(async () => {
  await client.close();
  await simulator.stop();
});

function post(signal?: AbortSignal): Promise<Reply> {
  return client.manage(PATH, { method: 'POST', body: { description: 'x' }, ...(signal && { signal }) });
}

describe('which requests a fault strikes', () => {
  test('all of them, until it is withdrawn', async () => {
    const withdraw = simulator.inject({ kind: 'status', status: 404 });
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 404 });
    await expect(client.data('/ping')).resolves.toMatchObject({ status: 404 });
    withdraw();
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 200 });
    expect(simulator.requests.map(({ fault }) => fault)).toEqual(['status', 'status', undefined]);
  });

  test('those of a method and a path, after some that pass, and no more than so many', async () => {
    simulator.inject({ kind: 'status', status: 503, method: 'GET', path: '/tokens$', skip: 1, times: 2 });
    const statuses: number[] = [];
    for (let round = 0; round < 4; round++) {
      statuses.push((await client.manage(PATH)).status);
      await expect(post()).resolves.toMatchObject({ status: 200 });
      await expect(client.data('/ping')).resolves.toMatchObject({ status: 204 });
    }
    expect(statuses).toEqual([200, 503, 503, 200]);
  });

  test('the oldest rule that matches goes first, and all can be cleared', async () => {
    simulator.inject({ kind: 'status', status: 500, times: 1 });
    simulator.inject({ kind: 'status', status: 502 });
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 500 });
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 502 });
    simulator.clearFaults();
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 200 });
  });
});

describe('faults in place of the answer', () => {
  test.each([
    ['the API', 'api', /^\{"code":503,"message":"service unavailable"\}$/],
    ['a proxy', 'html', /<h1>503 Service Unavailable<\/h1>/],
    ['nobody', 'empty', /^$/],
  ] as const)('a status with the body of %s, and with Retry-After', async (_, body, expected) => {
    simulator.inject({ kind: 'status', status: 503, body, retryAfter: 7 });
    const reply = await post();
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '7' } });
    expect(reply.text).toMatch(expected);
    expect(simulator.tokens()).toEqual([]);
  });

  test('a status on the data API is worded as there', async () => {
    simulator.inject({ kind: 'status', status: 429, retryAfter: 'Thu, 01 Jan 2026 00:00:10 GMT' });
    const reply = await client.data('/query?db=a&q=b');
    expect(reply).toMatchObject({ status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:10 GMT' } });
    expect(object(reply)).toEqual({ code: 'too many requests', message: 'too many requests' });
  });

  test.each([false, true])('a reset, with effect %s', async (effect) => {
    simulator.inject({ kind: 'reset', effect });
    await expect(post()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(simulator.tokens()).toHaveLength(effect ? 1 : 0);
    expect(simulator.requests).toMatchObject([{ effect, fault: 'reset' }]);
    expect(simulator.requests[0]).not.toHaveProperty('status');
  });

  test.each([false, true])('no answer at all, with effect %s', async (effect) => {
    simulator.inject({ kind: 'hang', effect });
    const abort = new AbortController();
    const pending = post(abort.signal);
    await waitFor(() => simulator.requests[0]?.fault, { what: 'the request to be struck' });
    abort.abort(new Error('given up'));
    await expect(pending).rejects.toThrow('given up');
    expect(simulator.tokens()).toHaveLength(effect ? 1 : 0);
  });

  test('a lost answer: the token is made, and a gateway says 504', async () => {
    simulator.inject({ kind: 'status', status: 504, body: 'html', effect: true });
    await expect(post()).resolves.toMatchObject({ status: 504 });
    expect(simulator.requests).toMatchObject([{ status: 504, effect: true, tokenId: simulator.tokens()[0]?.id }]);
  });

  test('a redirect', async () => {
    simulator.inject({ kind: 'redirect', location: 'https://elsewhere.example/' });
    await expect(post()).resolves.toMatchObject({ status: 307, headers: { location: 'https://elsewhere.example/' } });
    simulator.clearFaults();
    simulator.inject({ kind: 'redirect', location: '/login', status: 302 });
    await expect(post()).resolves.toMatchObject({ status: 302 });
    expect(simulator.tokens()).toEqual([]);
  });

  test('any body', async () => {
    simulator.createToken({ description: 'x' });
    simulator.inject({ kind: 'body', body: '[]', times: 1 });
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 200, text: '[]' });
    simulator.inject({ kind: 'body', body: 'hello', contentType: 'text/plain' });
    const reply = await client.manage(PATH);
    expect(reply).toMatchObject({ text: 'hello', headers: { 'content-type': 'text/plain' } });
  });
});

describe('faults that spoil the answer', () => {
  test('a delay after the effect', async () => {
    simulator.inject({ kind: 'delay', milliseconds: 1_000 });
    const pending = post();
    await waitFor(() => clock.pending === 1, { what: 'the answer to be held back' });
    expect(simulator.tokens()).toHaveLength(1);
    await clock.advance(1_000);
    await expect(pending).resolves.toMatchObject({ status: 200 });
  });

  test('a delay before the effect, which takes place although the client has gone', async () => {
    simulator.inject({ kind: 'delay', milliseconds: 1_000, effect: false });
    const abort = new AbortController();
    const pending = post(abort.signal);
    await waitFor(() => clock.pending === 1, { what: 'the request to be held back' });
    abort.abort(new Error('given up'));
    await expect(pending).rejects.toThrow('given up');
    expect(simulator.tokens()).toHaveLength(0);
    await clock.advance(1_000);
    expect(simulator.tokens()).toHaveLength(1);
  });

  test('a delayed effect is lost when the simulator stops', async () => {
    simulator.inject({ kind: 'delay', milliseconds: 1_000, effect: false });
    const pending = post();
    await waitFor(() => clock.pending === 1, { what: 'the request to be held back' });
    await Promise.all([expect(pending).rejects.toThrow('other side closed'), simulator.stop()]);
    expect(simulator.tokens()).toHaveLength(0);
  });

  test('a request sent twice by a proxy', async () => {
    simulator.inject({ kind: 'twice' });
    const { id } = object(await post());
    expect(simulator.tokens()).toHaveLength(2);
    expect(simulator.tokens()[1]).toMatchObject({ id });
  });

  test.each(['POST', 'DELETE'])('an answer to %s that is cut', async (method) => {
    const { id } = simulator.createToken({ description: 'x' });
    simulator.inject({ kind: 'cut' });
    const reply = method === 'POST' ? post() : client.manage(`${PATH}/${id}`, { method });
    await expect(reply).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(simulator.requests).toMatchObject([{ method, effect: true }]);
  });

  test('half of the JSON', async () => {
    simulator.inject({ kind: 'malformed' });
    const reply = await post();
    expect(reply).toMatchObject({ status: 200, headers: { 'content-length': String(reply.text.length) } });
    expect(() => object(reply)).toThrow(SyntaxError);
  });

  test('a wrong content type', async () => {
    simulator.inject({ kind: 'contentType', contentType: 'text/html' });
    const reply = await post();
    expect(reply.headers['content-type']).toBe('text/html');
    expect(object(reply)).toMatchObject({ description: 'x' });
  });

  test('fields that are missing, wrong or another’s, in an object and in a list', async () => {
    simulator.inject({ kind: 'alter', fields: { accessToken: null, id: 'other', description: '' }, method: 'POST' });
    const altered = object(await post());
    expect(altered).toMatchObject({ id: 'other', description: '' });
    expect(altered).not.toHaveProperty('accessToken');
    simulator.inject({ kind: 'alter', fields: { permissions: 'none' } });
    expect(list(await client.manage(PATH))).toMatchObject([{ description: 'x', permissions: 'none' }]);
    const { id } = simulator.tokens()[0]!;
    await expect(client.manage(`${PATH}/${id}`, { method: 'DELETE' })).resolves.toMatchObject({ status: 204 });
  });

  test('entries that come twice', async () => {
    const { id } = simulator.createToken({ description: 'x' });
    simulator.inject({ kind: 'duplicate' });
    expect(list(await client.manage(PATH))).toMatchObject([{ id }, { id }]);
    expect(object(await client.manage(`${PATH}/${id}`))).toMatchObject({ id });
  });

  test('a huge body', async () => {
    simulator.inject({ kind: 'huge', bytes: 3_000_001 });
    const reply = await post();
    expect(reply.text.trimStart()).toHaveLength(reply.text.length - 3_000_001);
    expect(object(reply)).toMatchObject({ description: 'x' });
  });

  test('a slow body', async () => {
    simulator.inject({ kind: 'slow', milliseconds: 10_000 });
    let done = false;
    const pending = post().finally(() => (done = true));
    await waitFor(() => clock.pending === 1, { what: 'the body to be begun' });
    await clock.advance(8_000);
    expect(done).toBe(false);
    await clock.advance(2_000);
    expect(object(await pending)).toMatchObject({ description: 'x' });
  });
});
