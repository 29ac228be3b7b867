import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';

import { METHODS } from '../simulator/control.ts';
import { RemoteSimulator } from '../simulator/remote.ts';
import { Simulator } from '../simulator/simulator.ts';

let simulator: RemoteSimulator;

beforeEach(async () => {
  simulator = await RemoteSimulator.start(['--admin-token', 'admin', '--database', 'a', '--old-tokens', '3']);
});

afterEach(() => simulator.stop());

async function list(): Promise<{ status: number; count: number }> {
  const { url, caBundle, adminToken } = simulator.ready;
  const dispatcher = new Agent({ connect: { ca: caBundle } });
  const headers = { authorization: `Bearer ${adminToken}` };
  const { statusCode, body } = await request(new URL('/api/v0/tokens', url), { dispatcher, headers });
  const tokens: unknown = await body.json();
  await dispatcher.destroy();
  return { status: statusCode, count: Array.isArray(tokens) ? tokens.length : -1 };
}

describe('a simulator in another process', () => {
  test('says how to reach it, and serves', async () => {
    expect(simulator.ready).toMatchObject({ adminToken: 'admin', pid: expect.any(Number) });
    expect(simulator.ready.pid).not.toBe(process.pid);
    await expect(list()).resolves.toEqual({ status: 200, count: 3 });
    await expect(simulator.requests()).resolves.toMatchObject([{ method: 'GET', status: 200 }]);
  });

  test('is driven by the same methods', async () => {
    for (const method of METHODS) {
      expect(Simulator.prototype).toHaveProperty(method);
      expect(RemoteSimulator.prototype).toHaveProperty(method);
    }
    const { id, string } = await simulator.createToken({ description: 'x' });
    await simulator.alterToken(id, { description: 'y' });
    await simulator.revokeToken(id);
    await expect(simulator.tokens()).resolves.toMatchObject([
      { id, string, description: 'y', revokedAt: expect.any(Number) },
    ]);
    await simulator.forgetToken(id);
    await expect(simulator.tokens()).resolves.toEqual([]);
    await simulator.configure({ adminToken: 'another' });
    await expect(list()).resolves.toMatchObject({ status: 401 });
    await simulator.down();
    await expect(list()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await simulator.up();
  });

  test('takes faults and gives them up', async () => {
    const withdraw = await simulator.inject({ kind: 'status', status: 500 });
    await expect(list()).resolves.toMatchObject({ status: 500 });
    await withdraw();
    await expect(list()).resolves.toMatchObject({ status: 200 });
    await simulator.inject({ kind: 'status', status: 502 });
    await simulator.clearFaults();
    await expect(list()).resolves.toMatchObject({ status: 200 });
    await expect(simulator.inject({ kind: 'reset', path: '(' })).rejects.toThrow('Invalid regular expression');
  });

  test('ends on SIGTERM', async () => {
    process.kill(simulator.ready.pid, 'SIGTERM');
    await expect(simulator.exited).resolves.toEqual([0, null]);
  });

  test('ends when its standard input closes', async () => {
    await simulator.stop();
    await expect(simulator.exited).resolves.toEqual([0, null]);
  });

  test('a flag it cannot read is an error of the start', async () => {
    await expect(RemoteSimulator.start(['--latency', 'long'])).rejects.toThrow(
      '--latency must be a whole number, not "long"',
    );
  });
});
