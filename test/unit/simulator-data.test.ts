import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ManualClock } from '../manual-clock.ts';
import { Client, object } from '../simulator/client.ts';
import { Simulator } from '../simulator/simulator.ts';

const SENSORS = { action: 'read', resource: 'sensors' } as const;
const QUERY = '/query?db=sensors&q=SHOW%20MEASUREMENTS%20LIMIT%201';
const WRITE = '/api/v2/write?bucket=sensors';

let simulator: Simulator;
let client: Client;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 5, 1));
  simulator = await Simulator.start({ clock });
  client = new Client(simulator);
});

afterEach(async () => {
  await client.close();
  await simulator.stop();
});

describe('the simulated data API', () => {
  const both = { description: 'x', permissions: [SENSORS, { action: 'write', resource: '*' }] as const };

  test('a token queries and writes what it may, in both schemes', async () => {
    const { string = '' } = simulator.createToken(both);
    const queried = await client.data(QUERY, string);
    expect(queried.status).toBe(200);
    expect(object(queried)).toEqual({ results: [{ statement_id: 0 }] });
    const headers = { authorization: `Token ${string}` };
    const written = await client.data(WRITE, undefined, { method: 'POST', body: '', headers });
    expect(written).toMatchObject({ status: 204, text: '' });
  });

  test.each([
    ['none at all', () => undefined],
    ['an unknown one', () => 'apiv1_00'],
    ['the admin token', () => simulator.adminToken],
    ['a revoked one', (string: string, id: string) => (simulator.revokeToken(id), string)],
    ['a forgotten one', (string: string, id: string) => (simulator.forgetToken(id), string)],
    ['an expired one', (string: string, id: string) => (simulator.alterToken(id, { expiresAt: clock.now() }), string)],
  ])('a token is 401: %s', async (_, choose) => {
    const { string = '', id } = simulator.createToken(both);
    const reply = await client.data(QUERY, choose(string, id));
    expect(reply.status).toBe(401);
    expect(object(reply)).toEqual({ code: 'unauthorized', message: 'unauthorized access' });
  });

  test('a new token is 401 until its activation delay has passed', async () => {
    simulator.configure({ activationDelay: 5_000 });
    const { string = '' } = simulator.createToken(both);
    await clock.advance(4_999);
    await expect(client.data(QUERY, string)).resolves.toMatchObject({ status: 401 });
    await clock.advance(1);
    await expect(client.data(QUERY, string)).resolves.toMatchObject({ status: 200 });
  });

  test('a token without the permission is 403, whether the database is there or not', async () => {
    simulator.configure({ databases: ['sensors'] });
    const { string = '' } = simulator.createToken({ description: 'x', permissions: [SENSORS] });
    const written = await client.data(WRITE, string, { method: 'POST' });
    expect(written.status).toBe(403);
    expect(object(written)).toMatchObject({ code: 'forbidden' });
    await expect(client.data('/query?db=other&q=x', string)).resolves.toMatchObject({ status: 403 });
  });

  test.each([404, 401] as const)('a missing database is %i, as told', async (missingDatabase) => {
    simulator.configure({ databases: ['other'], missingDatabase });
    const { string = '' } = simulator.createToken(both);
    await expect(client.data(QUERY, string)).resolves.toMatchObject({ status: missingDatabase });
    await expect(client.data(WRITE, string, { method: 'POST' })).resolves.toMatchObject({ status: missingDatabase });
  });

  test('missing parameters are 400, another method 405, ping is for everyone', async () => {
    const { string } = simulator.createToken(both);
    for (const path of ['/query?db=sensors', '/query?q=x'])
      await expect(client.data(path, string)).resolves.toMatchObject({ status: 400 });
    await expect(client.data('/api/v2/write', string, { method: 'POST' })).resolves.toMatchObject({ status: 400 });
    await expect(client.data(WRITE, string)).resolves.toMatchObject({ status: 405 });
    await expect(client.data('/ping')).resolves.toMatchObject({
      status: 204,
      headers: { 'x-influxdb-version': 'simulator' },
    });
  });
});
