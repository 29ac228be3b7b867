import { describe, expect, test } from '@jest/globals';
import { LeaseServer } from '../../test/lease-server.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import type { Clock } from '../controller/clock.ts';
import { Elector } from './elector.ts';

function setUp() {
  const clock = new ManualClock();
  const server = new LeaseServer(clock);
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const events: string[] = [];
  const candidate = (identity: string, at: Clock = clock): Elector =>
    new Elector({
      client: server,
      namespace: 'ns',
      name: 'lease',
      identity,
      clock: at,
      log,
      onElected: () => void events.push(`${identity} elected`),
      onLost: (reason) => void events.push(`${identity} lost: ${reason}`),
      random: () => 0,
    });
  return { clock, server, lines, events, candidate };
}

test('the first candidate leads, and renews every two seconds with one request', async () => {
  const { clock, server, events, candidate } = setUp();
  const elector = candidate('a');
  elector.start();
  await clock.advance(6_000);
  expect([elector.leading, events]).toEqual([true, ['a elected']]);
  expect(server.requests).toEqual(['GET', 'POST', 'PUT', 'PUT', 'PUT']);
  expect(server.lease?.spec).toMatchObject({
    holderIdentity: 'a',
    renewTime: '2026-01-01T00:00:06.000000Z',
    leaseTransitions: 0,
  });
  await elector.stop();
});

test('of two that begin at once, one leads', async () => {
  const { clock, events, candidate } = setUp();
  const both = [candidate('a'), candidate('b')];
  for (const elector of both) elector.start();
  await clock.advance(60_000);
  expect(both.map((elector) => elector.leading)).toEqual([true, false]);
  expect(events).toEqual(['a elected']);
  for (const elector of both) await elector.stop();
});

test('a leader that stops hands over: the other leads at its next look', async () => {
  const { clock, server, events, candidate } = setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  a.start();
  await clock.advance(1_000);
  b.start();
  await clock.advance(10_000);
  await a.stop();
  expect([a.leading, server.lease?.spec?.holderIdentity]).toEqual([false, '']);
  await clock.advance(2_000);
  expect([b.leading, events]).toEqual([true, ['a elected', 'b elected']]);
  expect(server.lease?.spec?.leaseTransitions).toBe(1);
  await b.stop();
});

test('a leader that falls silent is followed when its Lease has been seen unchanged for 15 s, not before', async () => {
  const { clock, server, candidate } = setUp();
  const b = candidate('b');
  server.lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'ns', name: 'lease', resourceVersion: 'x' },
    // Long past by its own account, which counts for nothing: the other machine's clock may be wrong.
    spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' },
  };
  b.start();
  await clock.advance(14_999);
  expect(b.leading).toBe(false);
  await clock.advance(2_001);
  expect(b.leading).toBe(true);
  await b.stop();
});

describe('a leader loses', () => {
  test('when it cannot renew for 10 s, once, and before anybody else can lead', async () => {
    const { clock, server, events, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.mood = 'down';
    await clock.advance(9_899);
    expect(a.leading).toBe(true);
    await clock.advance(1);
    expect([a.leading, events]).toEqual([false, ['a elected', 'a lost: the Lease could not be renewed for 10000 ms']]);
    server.mood = 'well';
    await clock.advance(60_000);
    expect(events).toHaveLength(2);
    await a.stop();
    expect(server.lease?.spec?.holderIdentity).toBe('a');
  });

  test('just so when the server does not answer at all', async () => {
    const { clock, server, events, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.mood = 'silent';
    await clock.advance(9_900);
    expect([a.leading, events.length]).toEqual([false, 2]);
    await a.stop();
  });

  test('at once when it sees that another holds the Lease', async () => {
    const { clock, server, events, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.edit({ ...server.lease?.spec, holderIdentity: 'b' });
    await clock.advance(4_000);
    expect([a.leading, events]).toEqual([false, ['a elected', 'a lost: b holds the Lease now']]);
    await a.stop();
  });

  test('the right to act with the deadline itself, even when no timer could run', async () => {
    const { clock, server, candidate } = setUp();
    // The process stands still: time passes, but no callback comes.
    let stalled = 0;
    const stalling: Clock = { now: () => clock.now() + stalled, after: clock.after.bind(clock) };
    const a = candidate('a', stalling);
    a.start();
    await clock.advance(100);
    expect(a.leading).toBe(true);
    stalled = 9_900;
    expect(a.leading).toBe(false);
    server.mood = 'down';
    await a.stop();
  });
});

test('an answer that lay there while the process stood still makes nobody a leader', async () => {
  const { clock, server, events, candidate } = setUp();
  let stalled = 0;
  const stalling: Clock = { now: () => clock.now() + stalled, after: clock.after.bind(clock) };
  const ask = server.request.bind(server);
  server.request = async (request) => {
    const answer = await ask(request);
    if (request.method === 'POST') stalled = 10_000;
    return JSON.parse(JSON.stringify(answer));
  };
  const a = candidate('a', stalling);
  a.start();
  await clock.settle();
  expect([a.leading, events, server.lease?.spec?.holderIdentity]).toEqual([false, [], 'a']);
  await clock.advance(2_000);
  expect([a.leading, events]).toEqual([true, ['a elected']]);
  await a.stop();
});

describe('a leader survives', () => {
  test('a short outage, with one warning and one all-clear', async () => {
    const { clock, server, events, lines, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.mood = 'down';
    await clock.advance(7_000);
    server.mood = 'well';
    await clock.advance(30_000);
    expect([a.leading, events]).toEqual([true, ['a elected']]);
    expect(lines.slice(1)).toEqual([
      'warn: Leader election does not get through; trying on',
      'info: Leader election gets through again',
    ]);
    await a.stop();
  });

  test('a renewal that went through without an answer', async () => {
    const { clock, server, events, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.mood = 'late';
    await clock.advance(2_500);
    server.mood = 'well';
    await clock.advance(30_000);
    expect([a.leading, events]).toEqual([true, ['a elected']]);
    await a.stop();
  });

  test('an edit of the Lease that leaves it the holder', async () => {
    const { clock, server, events, lines, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.edit({ ...server.lease?.spec });
    await clock.advance(30_000);
    expect([a.leading, events, lines]).toEqual([true, ['a elected'], ['info: Became the leader']]);
    await a.stop();
  });

  test('a deletion of the Lease', async () => {
    const { clock, server, events, candidate } = setUp();
    const a = candidate('a');
    a.start();
    await clock.advance(100);
    server.lease = undefined;
    await clock.advance(30_000);
    expect([a.leading, events, server.lease!.spec?.holderIdentity]).toEqual([true, ['a elected'], 'a']);
    await a.stop();
  });
});

test('without permission it says once what to grant, and leads when it is granted', async () => {
  const { clock, server, lines, candidate } = setUp();
  server.mood = 'forbidden';
  const a = candidate('a');
  a.start();
  await clock.advance(60_000);
  expect(lines).toEqual([
    'error: May not use Leases in namespace ns: grant get, create and update on leases.coordination.k8s.io there; trying on',
  ]);
  server.mood = 'well';
  await clock.advance(2_000);
  expect(a.leading).toBe(true);
  await a.stop();
});

test('stopped while its first write is under way, it still hands over what it may have got', async () => {
  const { clock, server, events, candidate } = setUp();
  server.mood = 'late';
  const a = candidate('a');
  a.start();
  await clock.advance(100);
  expect([a.leading, server.lease!.spec?.holderIdentity]).toEqual([false, 'a']);
  server.mood = 'well';
  await a.stop();
  expect([events, server.lease!.spec?.holderIdentity]).toEqual([[], '']);
});

test('stopped without an answer from the server, it ends all the same and says what that means', async () => {
  const { clock, server, lines, candidate } = setUp();
  const a = candidate('a');
  a.start();
  await clock.advance(100);
  server.mood = 'silent';
  const stopped = a.stop();
  await clock.advance(1_000);
  await stopped;
  expect(lines.at(-1)).toBe('warn: Could not release the leadership; the next leader waits until the Lease ends');
  expect(clock.pending).toBeLessThanOrEqual(1);
});

test('a standby that stops leaves the Lease to its holder', async () => {
  const { clock, server, candidate } = setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  a.start();
  await clock.advance(100);
  b.start();
  await clock.advance(100);
  await b.stop();
  expect(server.lease?.spec?.holderIdentity).toBe('a');
  await a.stop();
});
