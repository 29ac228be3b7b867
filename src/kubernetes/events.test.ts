import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { KubernetesError, type KubernetesRequest } from './client.ts';
import { EventRecorder, type Occurrence } from './events.ts';

const regarding = { apiVersion: 'v1', kind: 'Thing', namespace: 'ns', name: 'token', uid: 'u' };

function occurrence(note: string, name = 'token'): Occurrence {
  return {
    regarding: { ...regarding, name, uid: name === 'token' ? 'u' : `uid of ${name}` },
    type: 'Normal',
    reason: 'Issued',
    action: 'Issue',
    note,
  };
}

function setUp(busy: () => boolean = () => false, closed: (namespace: string) => boolean = () => false) {
  const clock = new ManualClock();
  const requests: KubernetesRequest[] = [];
  const errors: (KubernetesError | undefined)[] = [];
  let gate = Promise.resolve();
  const client = {
    async request<T>(request: KubernetesRequest): Promise<T> {
      requests.push(request);
      await gate;
      const error = errors.shift();
      if (error) throw error;
      return JSON.parse('{}');
    },
  };
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const reporter = { controller: 'example.com/operator', instance: 'operator-0' };
  let handled = 0;
  const recorder = new EventRecorder({
    client,
    clock,
    log,
    reporter,
    busy,
    closed,
    handled: () => void (handled += 1),
  });
  /** Lets every request wait; the answer ends that. */
  const hold = (): (() => void) => {
    let open = (): void => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => {
      open();
    };
  };
  return { clock, requests, errors, lines, recorder, hold, handled: () => handled };
}

const unavailable = new KubernetesError('ConnectionFailed', 'unknown', 'refused');
const notFound = new KubernetesError('NotFound', 'refused', 'not found', { status: 404 });
const forbidden = new KubernetesError('Forbidden', 'refused', 'forbidden', { status: 403 });
const exists = new KubernetesError('AlreadyExists', 'refused', 'already exists', { status: 409 });
const terminating = new KubernetesError('Forbidden', 'refused', 'forbidden', {
  status: 403,
  details: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }],
});

describe('a record', () => {
  test('gives way to a burst of work, but not for ever', async () => {
    let busy = true;
    const { clock, requests, recorder } = setUp(() => busy);
    recorder.record(occurrence('first'));
    await clock.advance(1_000);
    expect(requests).toEqual([]);
    busy = false;
    await clock.advance(1_000);
    expect(requests).toHaveLength(1);
    busy = true;
    recorder.record(occurrence('second'));
    await clock.advance(61_000);
    expect(requests).toHaveLength(2);
  });

  test('gives way no more once the process ends', async () => {
    const { clock, requests, recorder } = setUp(() => true);
    recorder.record(occurrence('first'));
    const flushed = recorder.flush(1_000);
    await clock.advance(500);
    await flushed;
    expect(requests).toHaveLength(1);
  });

  test('is told of once it was written, and once it was given up', async () => {
    const { clock, errors, recorder, hold, handled } = setUp();
    const go = hold();
    recorder.record(occurrence('first'));
    await clock.settle();
    expect(handled()).toBe(0);
    go();
    await clock.settle();
    expect(handled()).toBe(1);
    errors.push(forbidden);
    recorder.record(occurrence('second'));
    await clock.settle();
    expect(handled()).toBe(2);
  });

  test('returns before anything is sent, and is sent then', async () => {
    const { clock, requests, recorder } = setUp();
    recorder.record(occurrence('first'));
    await clock.settle();
    expect(requests).toMatchObject([
      { method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/ns/events', body: { note: 'first', regarding } },
    ]);
  });

  test('repeated later becomes a patch of the series of the first', async () => {
    const { clock, requests, recorder } = setUp();
    recorder.record(occurrence('again'));
    await clock.advance(60_000);
    recorder.record(occurrence('again'));
    await clock.settle();
    expect(requests[1]).toEqual({
      method: 'PATCH',
      path: expect.stringMatching(/^\/apis\/events\.k8s\.io\/v1\/namespaces\/ns\/events\/token\.[0-9a-f]{12}$/),
      contentType: 'application/merge-patch+json',
      body: { series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' } },
    });
  });

  test('whose Event has ended meanwhile is told anew, with its count', async () => {
    const { clock, requests, errors, recorder } = setUp();
    recorder.record(occurrence('again'));
    await clock.advance(60_000);
    errors.push(notFound);
    recorder.record(occurrence('again'));
    await clock.settle();
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
    expect(requests[2]).toMatchObject({ body: { series: { count: 2 } } });
  });

  test('keeps its place: Events are sent one after the other', async () => {
    const { clock, requests, recorder, hold } = setUp();
    const open = hold();
    for (const note of ['1', '2', '3']) recorder.record(occurrence(note));
    await clock.settle();
    expect(requests).toHaveLength(1);
    open();
    await clock.settle();
    expect(requests).toMatchObject(['1', '2', '3'].map((note) => ({ body: { note } })));
  });
});

describe('when the API server', () => {
  test('does not answer, it is tried again; that an earlier try went through is fine', async () => {
    const { clock, requests, errors, lines, recorder } = setUp();
    errors.push(unavailable, exists);
    recorder.record(occurrence('x'));
    await clock.advance(1_000);
    expect([requests.length, recorder.dropped, lines]).toEqual([2, 0, []]);
    expect(requests[1]).toEqual(requests[0]);
  });

  test('is away for long, the Event is dropped with one warning, and the next is tried', async () => {
    const { clock, requests, errors, lines, recorder } = setUp();
    errors.push(...Array.from({ length: 6 }, () => unavailable));
    for (const note of ['1', '2', '3']) recorder.record(occurrence(note));
    await clock.advance(12_000);
    expect([requests.length, recorder.dropped, lines]).toEqual([7, 2, ['warn: An Event was not written']]);
  });

  test('forbids it, the log says once what to grant', async () => {
    const { clock, requests, errors, lines, recorder } = setUp();
    errors.push(forbidden, forbidden);
    for (const note of ['1', '2']) recorder.record(occurrence(note));
    await clock.settle();
    expect([requests.length, recorder.dropped]).toEqual([2, 2]);
    expect(lines).toEqual(['warn: An Event was not written; grant create and patch on events.events.k8s.io']);
  });

  test('is known to be ending a namespace, it is not asked at all', async () => {
    const { clock, requests, recorder } = setUp(undefined, (namespace) => namespace === 'ns');
    recorder.record(occurrence('x'));
    recorder.record({ ...occurrence('y'), regarding: { ...regarding, namespace: 'other' } });
    await clock.settle();
    expect(requests.map(({ path }) => path)).toEqual(['/apis/events.k8s.io/v1/namespaces/other/events']);
    expect(recorder.dropped).toBe(0);
  });

  test.each([
    ['is ending a namespace', terminating],
    ['has no such namespace any more', notFound],
  ])('%s, nobody is told', async (_, error) => {
    const { clock, errors, lines, recorder } = setUp();
    errors.push(error);
    recorder.record(occurrence('x'));
    await clock.settle();
    expect([recorder.dropped, lines]).toEqual([0, ['debug: The namespace takes no Event any more']]);
  });

  test('is slow, what exceeds the queue is dropped and counted, and nothing waits', async () => {
    const { clock, requests, recorder, hold } = setUp();
    const open = hold();
    recorder.record(occurrence('x', 'first'));
    await clock.settle();
    for (let index = 0; index < 5_010; index++) recorder.record(occurrence('x', `object-${index}`));
    expect(recorder.dropped).toBe(10);
    open();
    await recorder.flush(1_000);
    expect(requests).toHaveLength(5_001);
  });
});

test('what exceeds the limit of an object is counted', () => {
  const { recorder } = setUp();
  for (let index = 0; index < 30; index++) recorder.record(occurrence(`note ${index}`));
  expect(recorder.dropped).toBe(5);
});

describe('flush', () => {
  test('waits for what is under way', async () => {
    const { requests, recorder } = setUp();
    for (const note of ['1', '2', '3']) recorder.record(occurrence(note));
    await recorder.flush(1_000);
    expect(requests).toHaveLength(3);
  });

  test('waits no longer than told', async () => {
    const { clock, recorder, hold } = setUp();
    hold();
    recorder.record(occurrence('x'));
    const flushed = recorder.flush(1_000);
    await clock.advance(1_000);
    await flushed;
    expect(clock.pending).toBe(0);
  });

  test('has nothing to wait for when nothing was recorded', async () => {
    await expect(setUp().recorder.flush(1_000)).resolves.toBeUndefined();
  });
});
