import { expect, test } from '@jest/globals';
import type { Occurrence } from './event-correlator.ts';
import { toEvent } from './event-object.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const reporter = { controller: 'example.com/operator', instance: 'operator-0' };
const regarding = { apiVersion: 'example.com/v1', kind: 'Thing', namespace: 'metrics', name: 'telegraf', uid: 'u' };
const occurrence: Occurrence = { regarding, type: 'Normal', reason: 'Issued', action: 'Issue', note: 'Token issued' };
const series = { id: 'abc', first: NOW, last: NOW, count: 1 };

function note(text: string): string {
  return toEvent({ ...occurrence, note: text }, series, reporter).note;
}

test('an occurrence becomes an Event beside its object', () => {
  expect(toEvent(occurrence, series, reporter)).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'metrics', name: 'telegraf.abc' },
    eventTime: '2026-01-01T12:00:00.000000Z',
    reportingController: 'example.com/operator',
    reportingInstance: 'operator-0',
    regarding,
    type: 'Normal',
    reason: 'Issued',
    action: 'Issue',
    note: 'Token issued',
  });
});

test('about a cluster-scoped object it goes into the namespace default', () => {
  const { namespace: _, ...clusterScoped } = regarding;
  const event = toEvent({ ...occurrence, regarding: clusterScoped }, series, reporter);
  expect([event.metadata.namespace, event.regarding]).toEqual(['default', clusterScoped]);
});

test('repeated, it carries count and time of the last', () => {
  const event = toEvent(occurrence, { ...series, last: NOW + 1_500, count: 3 }, reporter);
  expect(event.series).toEqual({ count: 3, lastObservedTime: '2026-01-01T12:00:01.500000Z' });
  expect(event.eventTime).toBe('2026-01-01T12:00:00.000000Z');
});

test('the longest name of an object still makes a valid name of an Event', () => {
  const name = `${'a'.repeat(199)}.${'b'.repeat(53)}`;
  const event = toEvent({ ...occurrence, regarding: { ...regarding, name } }, series, reporter);
  expect(event.metadata.name).toBe(`${'a'.repeat(199)}.abc`);
});

test('control characters and turned writing do not get into a note', () => {
  expect(note('a\u001b[2Jb\r\n\tc\u202ed\u009b')).toBe('a [2Jb c d');
});

test.each([
  ['of one byte a character', 'x'.repeat(1_024), 'x'.repeat(1_024)],
  ['that is one byte too long', 'x'.repeat(1_025), `${'x'.repeat(1_021)}…`],
  ['that would be cut within a character', '€'.repeat(400), `${'€'.repeat(340)}…`],
])('a note %s fits 1024 bytes', (_, long, expected) => {
  expect(note(long)).toBe(expected);
  expect(Buffer.byteLength(note(long))).toBeLessThanOrEqual(1_024);
});

test('a long pod name is cut to what the API server takes', () => {
  expect(toEvent(occurrence, series, { ...reporter, instance: 'x'.repeat(253) }).reportingInstance).toHaveLength(128);
});
