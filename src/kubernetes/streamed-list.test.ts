import { afterEach, describe, expect, test } from '@jest/globals';
import { list, object, running, start, type Watch } from '../../test/kubernetes/hand-driven-reflector.ts';
import { KubernetesError } from './client.ts';

afterEach(async () => {
  await Promise.all(running.splice(0).map((reflector) => reflector.stop()));
});

describe('where the server streams its lists, a reflector', () => {
  const end = {
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: '20', annotations: { 'k8s.io/initial-events-end': 'true' } } },
  };
  const added = (name: string, version: number): object => ({ type: 'ADDED', object: object(name, version) });

  test('takes in what was there at the end of the stream, and watches from there', async () => {
    const { client, clock, store } = start({}, [], true);
    await clock.settle();
    client.streamed[0]!.send(added('a', 1), added('b', 2), { type: 'BOOKMARK', object: object('x', 3) });
    client.streamed[0]!.send(
      { type: 'MODIFIED', object: object('a', 11) },
      { type: 'DELETED', object: object('b', 12) },
    );
    await clock.settle();
    expect(store.synced).toBe(false);
    client.streamed[0]!.send(end);
    await clock.settle();
    expect([store.synced, [...store.values()]]).toEqual([true, [object('a', 11)]]);
    expect(client.watches[0]?.request.query).toMatchObject({ resourceVersion: '20' });
    expect(client.lists).toEqual([]);
  });

  test('forgets what a new list does not show', async () => {
    const { client, clock, store } = start({}, [], true);
    await clock.settle();
    client.streamed[0]!.send(added('a', 1), added('b', 2), end);
    await clock.settle();
    client.watches[0]!.send({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired', message: 'old' },
    });
    await clock.advance(100);
    client.streamed[1]!.send(added('b', 2), end);
    await clock.settle();
    expect([...store.values()]).toEqual([object('b', 2)]);
  });

  test.each<[string, (stream: Watch) => void]>([
    ['is cut', (stream) => stream.fail(new Error('cut'))],
    ['ends too early', (stream) => stream.end()],
    [
      'tells of an error',
      (stream) => stream.send({ type: 'ERROR', object: { kind: 'Status', code: 500, reason: 'InternalError' } }),
    ],
  ])('begins again when the stream %s', async (_, happen) => {
    const { client, clock, store, logged } = start({}, [], true);
    await clock.settle();
    client.streamed[0]!.send(added('a', 1));
    happen(client.streamed[0]!);
    await clock.advance(100);
    expect([client.streamed.length, client.lists, store.size]).toEqual([2, [], 0]);
    expect(logged).toEqual([expect.stringMatching(/^warn: cannot list: /)]);
  });

  test('reads pages while the server has not got together what it would stream, and asks for a stream the next time', async () => {
    const busy = new KubernetesError('TooManyRequests', 'refused', 'storage is (re)initializing', { status: 429 });
    const { client, clock, store } = start({}, [list('10', [object('a', 1)])], busy);
    await clock.settle();
    expect([client.streamed.length, store.size]).toEqual([0, 1]);
    client.streams = true;
    client.watches[0]!.send({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired', message: 'old' },
    });
    await clock.advance(100);
    expect(client.streamed).toHaveLength(1);
  });

  test('reads pages when the stream is silent for too long', async () => {
    const { client, clock, store } = start({}, [list('10', [object('a', 1)])], true);
    await clock.advance(90_000);
    expect([client.streamed.length, client.lists.length, store.size]).toEqual([1, 1, 1]);
  });
});
