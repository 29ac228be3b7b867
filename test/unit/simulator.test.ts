import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ManualClock } from '../manual-clock.ts';
import { Client, list, object, token } from '../simulator/client.ts';
import type { TokenBody } from '../simulator/client.ts';
import { Simulator } from '../simulator/simulator.ts';
import type { SimulatorOptions } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';

const PATH = '/api/v0/tokens';
const SENSORS = { action: 'read', resource: 'sensors' } as const;

let simulator: Simulator;
let client: Client;
let clock: ManualClock;

async function start(options: SimulatorOptions = {}): Promise<void> {
  clock = new ManualClock(Date.UTC(2026, 5, 1));
  simulator = await Simulator.start({ clock, ...options });
  client = new Client(simulator);
}

async function end(): Promise<void> {
  await client.close();
  await simulator.stop();
}

async function created(body: object): Promise<TokenBody> {
  const reply = await client.manage(PATH, { method: 'POST', body });
  expect(reply.status).toBe(200);
  return token(reply);
}

beforeEach(() => start());
afterEach(end);

describe('the simulated server', () => {
  test('its time is ahead by the clock skew, in headers, instants and expiry', async () => {
    simulator.configure({ clockSkew: 3_600_000 });
    const { headers } = await client.manage(PATH);
    expect(headers['date']).toBe('Mon, 01 Jun 2026 01:00:00 GMT');
    await expect(created({ description: 'x' })).resolves.toMatchObject({ createdAt: '2026-06-01T01:00:00.000Z' });
    const body = { description: 'x', expiresAt: '2026-06-01T00:30:00Z' };
    await expect(client.manage(PATH, { method: 'POST', body })).resolves.toMatchObject({ status: 400 });
  });

  test('a request takes at least the latency', async () => {
    simulator.configure({ latency: 20 });
    const pending = client.manage(PATH);
    await waitFor(() => clock.pending === 1, { what: 'the request to be held back' });
    expect(simulator.requests).toMatchObject([{ path: PATH }]);
    expect(simulator.requests[0]).not.toHaveProperty('status');
    await clock.advance(20);
    await expect(pending).resolves.toMatchObject({ status: 200 });
  });

  test('requests are recorded with what they did, and without token strings', async () => {
    const { id, accessToken } = await created({ description: 'x' });
    const headers = { 'user-agent': `probe ${accessToken}` };
    await client.data(`/query?db=a&q=b&p=${accessToken}`, undefined, { headers });
    const at = clock.now();
    expect(simulator.requests).toEqual([
      { method: 'POST', path: PATH, userAgent: '', at, status: 200, effect: true, tokenId: id },
      {
        method: 'GET',
        path: '/query?db=a&q=b&p=[token string]',
        userAgent: 'probe [token string]',
        at,
        status: 401,
        effect: false,
      },
    ]);
  });

  test('what happens behind the back shows in the API, and is no request', async () => {
    const { id, string } = simulator.createToken({ description: 'by hand', permissions: [SENSORS] });
    simulator.alterToken(id, { description: 'altered', permissions: [] });
    expect(simulator.requests).toEqual([]);
    expect(object(await client.manage(`${PATH}/${id}`))).toMatchObject({ description: 'altered', permissions: [] });
    expect(simulator.tokens()).toMatchObject([{ id, string }]);
    simulator.forgetToken(id);
    await expect(client.manage(`${PATH}/${id}`)).resolves.toMatchObject({ status: 404 });
    expect(list(await client.manage(PATH))).toEqual([]);
  });

  test('down refuses connections, up takes them again on the same port, with all that was stored', async () => {
    const { id } = simulator.createToken({ description: 'x' });
    await simulator.down();
    await expect(client.manage(PATH)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await simulator.up();
    expect(list(await client.manage(PATH))).toMatchObject([{ id }]);
  });

  test('200,000 old tokens are listed, read, revoked and forgotten, and cost nothing until then', async () => {
    await end();
    await start({ oldTokens: 200_000 });
    const { id } = simulator.createToken({ description: 'new' });
    const tokens = list(await client.manage(PATH));
    expect(tokens).toHaveLength(200_001);
    expect(new Set(tokens.map((token) => token.id)).size).toBe(200_001);
    expect(tokens.at(-1)).toMatchObject({ id });
    const [live, revoked] = tokens;
    expect(live).not.toHaveProperty('revokedAt');
    expect(object(await client.manage(`${PATH}/${revoked?.id}`))).toEqual(revoked);
    await client.manage(`${PATH}/${live?.id}`, { method: 'DELETE' });
    simulator.forgetToken(revoked?.id ?? '');
    expect(simulator.tokens()).toMatchObject([{ id }, { id: live?.id, revokedAt: clock.now() }]);
    expect(list(await client.manage(PATH))).toHaveLength(200_000);
    await expect(client.manage(`${PATH}/00030d40-0000-4000-8000-000000000000`)).resolves.toMatchObject({ status: 404 });
  });
});
