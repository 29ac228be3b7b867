// What a real API server cannot be made to do at will: silence, nonsense, and the exact moment of a stop.

import { afterEach, describe, expect, test } from '@jest/globals';
import { BY_HAND, list, object, running, start, type Stream } from '../../test/kubernetes/hand-driven-reflector.ts';
import { KubernetesError } from './client.ts';
import type { RawObject } from './raw-object.ts';
import type { Reflector } from './reflector.ts';

afterEach(async () => {
  await Promise.all(running.splice(0).map((reflector) => reflector.stop()));
});

describe('a reflector', () => {
  test('lists in pages, then watches with bookmarks from the version of the list', async () => {
    let listed = 0;
    const observer = { listed: () => void listed++, watched: () => {}, changed: () => {} };
    const { client, clock, store, reflector } = start({ query: { labelSelector: 'a=b' }, observer }, [
      list('10', [object('a', 1, { managedFields: [{}] })], 'more'),
      list('10', [object('b', 2)]),
    ]);
    await reflector.synced;
    await clock.settle();
    expect(client.lists.map(({ request: { query, accept } }) => ({ query, accept }))).toEqual([
      { query: { labelSelector: 'a=b', limit: '10000' }, accept: 'application/json' },
      { query: { labelSelector: 'a=b', limit: '10000', continue: 'more' }, accept: 'application/json' },
    ]);
    expect([...store.values()]).toEqual([object('a', 1), object('b', 2)]);
    expect(listed).toBe(1);
    expect(client.watches[0]?.request.query).toEqual({
      labelSelector: 'a=b',
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '300',
    });
  });

  test('lists anew when the list has expired before its next page', async () => {
    const expired = new KubernetesError('Expired', 'refused', 'too old', { status: 410 });
    const pages = [list('10', [object('a', 1)], 'more'), expired, list('30', [object('b', 25)])];
    const { client, clock, store } = start({}, pages);
    await clock.advance(100);
    expect([...store.values()]).toEqual([object('b', 25)]);
    expect(client.lists.map(({ request }) => request.query?.['continue'])).toEqual([undefined, 'more', undefined]);
  });

  test('takes nothing of a page in before the whole of it has come', async () => {
    const { client, clock, store } = start({}, [BY_HAND]);
    await clock.settle();
    client.lists[0]!.send(`{"items":[${JSON.stringify(object('a', 1))},`);
    await clock.settle();
    expect(store.size).toBe(0);
    client.lists[0]!.send(`${JSON.stringify(object('b', 2))}],"metadata":{"resourceVersion":"10"}}`);
    client.lists[0]!.end();
    await clock.settle();
    expect([...store.values()]).toEqual([object('a', 1), object('b', 2)]);
  });

  test('gives others their turn while it reads a large list, and while it takes it in', async () => {
    let turn = 0;
    let others = setImmediate(function again() {
      turn += 1;
      others = setImmediate(again);
    });
    const read = new Set<number>();
    const takenIn = new Set<number>();
    const convert = (raw: RawObject): RawObject => {
      read.add(turn);
      return raw;
    };
    const many = Array.from({ length: 300 }, (_, index) => object(`a${index}`, index + 1));
    const { store, reflector } = start({ convert }, [list('1000', many)]);
    store.onChange(() => void takenIn.add(turn));
    await reflector.synced;
    clearImmediate(others);
    expect([read.size, takenIn.size]).toEqual([3, 3]);
  });

  test.each<[string, (list: Stream) => void, string]>([
    ['is cut', (list) => list.fail(new KubernetesError('ConnectionFailed', 'unknown', 'cut')), 'cut'],
    ['ends too early', (list) => list.end(), 'cut off'],
  ])('lists anew when a list %s', async (_, happen, said) => {
    const { client, clock, store, logged } = start({}, [BY_HAND]);
    await clock.settle();
    client.lists[0]!.send(`{"items":[${JSON.stringify(object('a', 1))}`);
    happen(client.lists[0]!);
    await clock.advance(100);
    expect([client.lists.length, store.synced, store.size]).toEqual([2, true, 0]);
    expect(logged).toEqual([expect.stringContaining(`warn: cannot list: `), 'info: list works again']);
    expect(logged[0]).toContain(said);
  });

  test('lists anew when a list says nothing more for 90 s', async () => {
    const { client, clock, store, logged } = start({}, [BY_HAND]);
    await clock.settle();
    client.lists[0]!.send('{"items":[');
    await clock.advance(80_000);
    client.lists[0]!.send(JSON.stringify(object('a', 1)));
    await clock.advance(80_000);
    expect(client.lists).toHaveLength(1);
    await clock.advance(10_100);
    expect([client.lists.length, store.synced]).toEqual([2, true]);
    expect(logged[0]).toContain('fell silent');
  });

  test('asks for metadata and for nothing else, where that is all that is wanted', async () => {
    const { client, clock } = start({ metadataOnly: true });
    await clock.settle();
    expect(client.lists[0]?.request.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    expect(client.watches[0]?.request.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
  });

  test('takes null for an empty list, as the API server answers when asked for metadata', async () => {
    const { reflector, store } = start({ metadataOnly: true }, [{ metadata: { resourceVersion: '10' }, items: null }]);
    await reflector.synced;
    expect(store.size).toBe(0);
  });

  test('takes in changes, and goes on from the last bookmark when the server ends the watch', async () => {
    const counts = { listed: 0, watched: 0, changed: 0 };
    const observer = {
      listed: () => void counts.listed++,
      watched: () => void counts.watched++,
      changed: () => void counts.changed++,
    };
    const { client, clock, store } = start({ observer }, [list('10', [object('a', 1)])]);
    await clock.settle();
    client.watches[0]!.send(
      { type: 'ADDED', object: object('b', 11) },
      { type: 'MODIFIED', object: object('b', 12) },
      { type: 'DELETED', object: object('a', 13) },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '20' } } },
    );
    await clock.settle();
    expect([...store.values()]).toEqual([object('b', 12)]);
    client.watches[0]!.end();
    await clock.settle();
    expect(client.watches[1]?.request.query).toMatchObject({ resourceVersion: '20' });
    expect(counts).toEqual({ listed: 1, watched: 2, changed: 3 });
  });

  test('does not read what it knows from the answer to a write of its own, and counts it all the same', async () => {
    const read: string[] = [];
    const convert = (raw: RawObject): RawObject => {
      read.push(raw.metadata.resourceVersion);
      return raw;
    };
    let changed = 0;
    const observer = { listed: () => {}, watched: () => {}, changed: () => void changed++ };
    const { client, clock, store } = start({ convert, observer }, [list('10', [object('a', 1)])]);
    await clock.settle();
    store.observe(object('a', 11));
    client.watches[0]!.send(
      { type: 'MODIFIED', object: object('a', 11) },
      { type: 'MODIFIED', object: object('b', 12, { annotations: { resourceVersion: '11' } }) },
    );
    await clock.settle();
    expect(read).toEqual(['1', '12']);
    expect(changed).toBe(2);
    client.watches[0]!.end();
    await clock.settle();
    expect(client.watches[1]?.request.query).toMatchObject({ resourceVersion: '12' });
  });

  test('lists anew when the watch tells that its version is too old', async () => {
    const { client, clock, store } = start({}, [list('10', [object('a', 1)]), list('30', [object('b', 25)])]);
    await clock.settle();
    client.watches[0]!.send({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
    });
    await clock.advance(100);
    expect([...store.values()]).toEqual([object('b', 25)]);
    expect(client.watches[1]?.request.query).toMatchObject({ resourceVersion: '30' });
  });

  test('takes a watch for dead that delivers neither change nor bookmark for 90 s', async () => {
    const { client, clock } = start();
    await clock.settle();
    await clock.advance(80_000);
    client.watches[0]!.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '20' } } });
    await clock.advance(80_000);
    expect(client.lists).toHaveLength(1);
    await clock.advance(10_100);
    expect(client.watches[0]?.request.signal?.aborted).toBe(true);
    expect(client.lists).toHaveLength(2);
    expect(client.watches).toHaveLength(2);
  });

  test.each(['not JSON', { type: 'NEW' }, { type: 'ADDED', object: {} }, { type: 'BOOKMARK', object: {} }, 'null'])(
    'lists anew after nonsense: %j',
    async (nonsense) => {
      const { client, clock, logged } = start();
      await clock.settle();
      client.watches[0]!.send(nonsense, '\n');
      await clock.advance(100);
      expect(client.lists).toHaveLength(2);
      expect(logged).toEqual([expect.stringMatching(/^warn: cannot watch: /)]);
    },
  );

  test.each([
    [null],
    [{ items: [] }],
    [{ metadata: { resourceVersion: '1' }, items: [{}] }],
    ['<html>an error of the gateway</html>'],
    [''],
    ['{"items":[{}'],
  ])('tries again when the list is nonsense: %j', async (nonsense) => {
    const { client, clock, store, logged } = start({}, [{ metadata: {} }, nonsense, list('10', [object('a', 1)])]);
    await clock.advance(100);
    await clock.advance(200);
    expect(client.lists).toHaveLength(3);
    expect(store.synced).toBe(true);
    expect(logged.join()).not.toContain('gateway');
  });

  test('waits for a collection that does not exist yet, and says so once', async () => {
    const missing = (): Error => new KubernetesError('Unreadable', 'unknown', 'not found', { status: 404 });
    const { clock, store, logged } = start({}, [missing(), missing(), missing(), list('10')]);
    await clock.advance(100 + 200);
    expect(store.synced).toBe(false);
    await clock.advance(400);
    expect(store.synced).toBe(true);
    expect(logged).toEqual([expect.stringContaining('CustomResourceDefinition'), 'info: list works again']);
  });
});

describe('stop', () => {
  test('means that the store is left alone, even in the middle of a burst', async () => {
    const { client, clock, store, reflector } = start();
    await clock.settle();
    let heard = 0;
    let stopped: Promise<void> | undefined;
    store.onChange(() => {
      heard++;
      stopped ??= reflector.stop();
    });
    client.watches[0]!.send(
      ...Array.from({ length: 1000 }, (_, i) => ({ type: 'ADDED', object: object(`a${i}`, 11 + i) })),
    );
    await clock.settle();
    await stopped;
    expect(heard).toBe(1);
    await clock.advance(600_000);
    expect(heard).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('ends a list that is under way, and nothing of it is taken in', async () => {
    const { client, clock, store, reflector } = start({}, [BY_HAND]);
    await clock.settle();
    client.lists[0]!.send(`{"items":[${JSON.stringify(object('a', 1))},`);
    await clock.settle();
    await reflector.stop();
    expect(client.lists[0]?.request.signal?.aborted).toBe(true);
    expect([store.size, store.synced, clock.pending]).toEqual([0, false, 0]);
  });

  test('when the last of a list has just come means that the store stays empty', async () => {
    let reflector: Reflector<RawObject> | undefined;
    const convert = (raw: RawObject): RawObject => {
      void reflector?.stop();
      return raw;
    };
    const started = start({ convert }, [BY_HAND]);
    ({ reflector } = started);
    await started.clock.settle();
    started.client.lists[0]!.send(JSON.stringify(list('10', [object('a', 1)])));
    started.client.lists[0]!.end();
    await started.clock.settle();
    expect([started.store.size, started.store.synced]).toEqual([0, false]);
  });

  test('means that the store is left alone in the middle of a list', async () => {
    const { client, clock, store, reflector } = start({}, [BY_HAND]);
    await clock.settle();
    let heard = 0;
    const stopped = new Promise<void>((resolve) => {
      store.onChange(() => {
        heard++;
        resolve(reflector.stop());
      });
    });
    const many = Array.from({ length: 1000 }, (_, index) => object(`a${index}`, index + 1));
    client.lists[0]!.send(JSON.stringify(list('2000', many)));
    client.lists[0]!.end();
    await stopped;
    expect([heard, store.synced]).toEqual([1, false]);
  });

  test('ends a pause at once', async () => {
    const { client, clock, reflector } = start({}, [new KubernetesError('Timeout', 'unknown', 'no')]);
    await clock.settle();
    await reflector.stop();
    await clock.advance(600_000);
    expect(client.lists).toHaveLength(1);
  });

  test('ends a silent watch', async () => {
    const { client, clock, reflector } = start();
    await clock.settle();
    await reflector.stop();
    expect(client.watches[0]?.request.signal?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('before the start leaves nothing to start', async () => {
    const { client, reflector } = start();
    await reflector.stop();
    reflector.start();
    expect(client.watches).toHaveLength(0);
  });
});
