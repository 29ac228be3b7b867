import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ManualClock } from '../manual-clock.ts';
import { Client, list, object, token } from '../simulator/client.ts';
import type { TokenBody } from '../simulator/client.ts';
import { CANARY, Simulator } from '../simulator/simulator.ts';
import type { SimulatorOptions } from '../simulator/simulator.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN = '99999999-9999-4999-8999-999999999999';
const PATH = '/api/v0/tokens';
const SENSORS = { action: 'read', resource: 'sensors' } as const;
const QUERY = '/query?db=sensors&q=SHOW%20MEASUREMENTS%20LIMIT%201';

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

describe('the simulated Management API', () => {
  test('a created token is answered with all that is documented, its string in the form that is documented', async () => {
    const made = await created({
      description: 'Telegraf',
      permissions: [{ action: 'write', resource: '*' }],
      expiresAt: '2030-01-01T01:00:00+01:00',
    });
    expect(made).toEqual({
      id: expect.stringMatching(UUID),
      description: 'Telegraf',
      permissions: [{ action: 'write', resource: '*' }],
      createdAt: '2026-06-01T00:00:00.000Z',
      expiresAt: '2030-01-01T00:00:00.000Z',
      accessToken: expect.stringMatching(new RegExp(`^apiv1_${CANARY}[0-9a-f]{${128 - CANARY.length}}$`)),
    });
  });

  test('permissions may be left out, and come back sorted', async () => {
    await expect(created({ description: 'none' })).resolves.toMatchObject({ permissions: [] });
    const permissions = [
      { action: 'write', resource: 'b' },
      { action: 'read', resource: 'b' },
      { action: 'read', resource: 'a' },
    ];
    await expect(created({ description: 'some', permissions })).resolves.toMatchObject({
      permissions: permissions.toReversed(),
    });
  });

  test('the string is shown by no other answer', async () => {
    const { id, accessToken, ...rest } = await created({ description: 'x' });
    expect(typeof accessToken).toBe('string');
    expect(object(await client.manage(`${PATH}/${id}`))).toEqual({ id, ...rest });
    expect(list(await client.manage(PATH))).toEqual([{ id, ...rest }]);
  });

  test('an empty cluster has an empty list', async () => {
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 200, text: '[]' });
  });

  test('a PATCH replaces permissions as a whole, and leaves alone what it does not name', async () => {
    const { id } = await created({ description: 'x', permissions: [SENSORS, { action: 'read', resource: 'b' }] });
    const path = `${PATH}/${id}`;
    const described = await client.manage(path, { method: 'PATCH', body: { description: 'y' } });
    expect(object(described)).toMatchObject({ description: 'y', permissions: [{ resource: 'b' }, SENSORS] });
    const emptied = await client.manage(path, { method: 'PATCH', body: { permissions: [] } });
    expect(emptied.status).toBe(200);
    expect(object(await client.manage(path))).toMatchObject({ description: 'y', permissions: [] });
  });

  test('a DELETE revokes: the token stays listed, and a second one changes nothing', async () => {
    const { id } = await created({ description: 'x' });
    const path = `${PATH}/${id}`;
    await expect(client.manage(path, { method: 'DELETE' })).resolves.toMatchObject({ status: 204, text: '' });
    await clock.advance(60_000);
    await expect(client.manage(path, { method: 'DELETE' })).resolves.toMatchObject({ status: 204 });
    const revokedAt = '2026-06-01T00:00:00.000Z';
    expect(list(await client.manage(PATH))).toMatchObject([{ id, revokedAt }]);
    expect(object(await client.manage(path, { method: 'PATCH', body: { description: 'y' } }))).toMatchObject({
      code: 409,
    });
    expect(simulator.requests.filter(({ effect }) => effect).map(({ method }) => method)).toEqual(['POST', 'DELETE']);
  });

  test.each(['GET', 'PATCH', 'DELETE'])('an unknown id is 404 in JSON to %s', async (method) => {
    const body = method === 'PATCH' ? { description: 'x' } : undefined;
    const reply = await client.manage(`${PATH}/${UNKNOWN}`, { method, body });
    expect(reply.status).toBe(404);
    expect(object(reply)).toEqual({ code: 404, message: 'not found' });
  });

  test('an id that is no UUID is 400, an unknown method 405, an unknown path a page of the ingress', async () => {
    expect(object(await client.manage(`${PATH}/nonsense`))).toMatchObject({ code: 400 });
    expect(object(await client.manage(PATH, { method: 'PUT', body: {} }))).toMatchObject({ code: 405 });
    const reply = await client.manage('/api/v1/tokens');
    expect(reply).toMatchObject({ status: 404, headers: { 'content-type': 'text/html' } });
  });

  test.each([
    ['no header', ''],
    ['another token', 'Bearer wrong'],
    ['another scheme', 'Token ADMIN'],
  ])('without the admin token, %s, everything is 401', async (_, authorization) => {
    const headers = { authorization: authorization.replace('ADMIN', simulator.adminToken) };
    for (const path of [PATH, `${PATH}/${UNKNOWN}`]) {
      const reply = await client.manage(path, { headers });
      expect(reply.status).toBe(401);
      expect(object(reply)).toEqual({ code: 401, message: 'unauthorized' });
    }
  });

  test('a rotated admin token ends the old one', async () => {
    const authorization = `Bearer ${simulator.adminToken}`;
    simulator.adminToken = 'another';
    await expect(client.manage(PATH, { headers: { authorization } })).resolves.toMatchObject({ status: 401 });
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 200 });
  });

  test.each([
    ['a missing description', {}, 'description'],
    ['an empty description', { description: '' }, 'description'],
    ['a description of another type', { description: 1 }, 'description'],
    ['an unknown field', { description: 'x', labels: {} }, 'labels'],
    ['an unknown field of a permission', { description: 'x', permissions: [{ ...SENSORS, x: 1 }] }, 'permissions.0'],
    ['an unknown action', { description: 'x', permissions: [{ action: 'admin', resource: 'a' }] }, 'action'],
    ['a missing resource', { description: 'x', permissions: [{ action: 'read' }] }, 'resource'],
    ['an empty resource', { description: 'x', permissions: [{ action: 'read', resource: '' }] }, 'resource'],
    ['a long resource', { description: 'x', permissions: [{ action: 'read', resource: 'a'.repeat(65) }] }, 'resource'],
    ['permissions of another type', { description: 'x', permissions: null }, 'permissions'],
    ['a date for a time', { description: 'x', expiresAt: '2030-01-01' }, 'expiresAt'],
    ['a time that is not', { description: 'x', expiresAt: '2030-13-01T00:00:00Z' }, 'expiresAt'],
    ['a number for a time', { description: 'x', expiresAt: 1_900_000_000 }, 'expiresAt'],
    ['an expiry in the past', { description: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['JSON that is none', '{"description":', 'JSON'],
    ['a list', [], 'body'],
  ])('a POST with %s is 400 and makes nothing', async (_, body, named) => {
    const reply = await client.manage(PATH, { method: 'POST', body });
    expect(reply.status).toBe(400);
    expect(object(reply)).toEqual({ code: 400, message: expect.stringContaining(named) });
    expect(simulator.tokens()).toEqual([]);
  });

  test('a POST that is not declared as JSON is 400', async () => {
    const headers = { 'content-type': 'text/plain' };
    const reply = await client.manage(PATH, { method: 'POST', body: { description: 'x' }, headers });
    expect(reply.status).toBe(400);
  });

  test.each([
    ['without a field', {}],
    ['of the expiry', { expiresAt: '2030-01-01T00:00:00Z' }],
    ['of an unknown field beside a known one', { description: 'y', id: UNKNOWN }],
    ['of a wrong type', { permissions: 'read' }],
  ])('a PATCH %s is 400 and changes nothing', async (_, body) => {
    const { id } = await created({ description: 'x', permissions: [SENSORS] });
    const before = await client.manage(`${PATH}/${id}`);
    const reply = await client.manage(`${PATH}/${id}`, { method: 'PATCH', body });
    expect(object(reply)).toMatchObject({ code: 400 });
    expect(object(await client.manage(`${PATH}/${id}`))).toEqual(object(before));
  });
});

describe('the simulated cluster of Cloud Dedicated', () => {
  const accountId = '11111111-1111-4111-8111-111111111111';
  const clusterId = '33333333-3333-4333-8333-333333333333';
  const path = `/api/v0/accounts/${accountId}/clusters/${clusterId}/tokens`;
  beforeEach(async () => {
    await end();
    await start({ product: { kind: 'CloudDedicated', accountId, clusterId } });
  });

  test('paths and objects carry account and cluster', async () => {
    const made = token(await client.manage(path, { method: 'POST', body: { description: 'x' } }));
    expect(made).toMatchObject({ accountId, clusterId, description: 'x' });
    expect(list(await client.manage(path))).toMatchObject([{ accountId, clusterId, id: made.id }]);
  });

  test('another account or cluster is 404 in JSON, the path of Clustered a page', async () => {
    for (const wrong of [path.replace(accountId, UNKNOWN), path.replace(clusterId, UNKNOWN)])
      expect(object(await client.manage(wrong))).toEqual({ code: 404, message: 'not found' });
    await expect(client.manage(PATH)).resolves.toMatchObject({ status: 404, headers: { 'content-type': 'text/html' } });
  });

  test('data is served at another origin, and only there', async () => {
    const { string } = simulator.createToken({ description: 'x', permissions: [SENSORS] });
    expect(simulator.dataURL).not.toBe(simulator.url);
    await expect(client.data(QUERY, string)).resolves.toMatchObject({ status: 200 });
    await expect(client.manage(QUERY)).resolves.toMatchObject({ status: 404 });
    await expect(client.data(path)).resolves.toMatchObject({ status: 404 });
  });
});
