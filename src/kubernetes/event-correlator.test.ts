import { describe, expect, test } from '@jest/globals';
import { EventCorrelator, type Occurrence } from './event-correlator.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function occurrence(change: Partial<Occurrence> = {}, name = 'token'): Occurrence {
  const regarding = { apiVersion: 'v1', kind: 'Thing', namespace: 'ns', name, uid: `uid of ${name}` };
  return { regarding, type: 'Warning', reason: 'Refused', action: 'Issue', note: 'no rule', ...change };
}

function setUp() {
  let ids = 0;
  const correlator = new EventCorrelator(() => `id${++ids}`);
  const decide = (seconds: number, what = occurrence()) => correlator.decide(what, NOW + seconds * 1_000);
  return { correlator, decide };
}

describe('a repetition', () => {
  test('is counted, and told at intervals that double', () => {
    const { decide } = setUp();
    const told: [seconds: number, count: number][] = [];
    for (let second = 0; second <= 3_600; second++) {
      const step = decide(second);
      if (step.kind === 'create' || step.kind === 'update') told.push([second, step.series.count]);
    }
    expect(told).toEqual(
      [0, 10, 30, 70, 150, 310, 630, 1_230, 1_830, 2_430, 3_030].map((second) => [second, second + 1]),
    );
  });

  test('keeps the id and the beginning of the first', () => {
    const { decide } = setUp();
    decide(0);
    expect(decide(60)).toEqual({ kind: 'update', series: { id: 'id1', first: NOW, last: NOW + MINUTE, count: 2 } });
  });

  test('after more than ten minutes of silence is a new Event', () => {
    const { decide } = setUp();
    decide(0);
    expect(decide(600)).toMatchObject({ kind: 'update' });
    expect(decide(1_201)).toMatchObject({ kind: 'create', series: { id: 'id2', count: 1 } });
  });

  test.each([
    ['another reason', occurrence({ reason: 'Expired' })],
    ['another note', occurrence({ note: 'other rule' })],
    ['another type', occurrence({ type: 'Normal' })],
    ['another object', occurrence({}, 'other')],
    [
      'an object of the same name that took its place',
      occurrence({ regarding: { ...occurrence().regarding, uid: 'new' } }),
    ],
  ])('with %s is none', (_, other) => {
    const { decide } = setUp();
    decide(0);
    expect(decide(1, other)).toMatchObject({ kind: 'create' });
  });
});

describe('the limit', () => {
  test('is 25 at once for an object and one more every five minutes', () => {
    const { decide } = setUp();
    const kinds = Array.from({ length: 30 }, (_, index) => decide(0, occurrence({ note: `note ${index}` })).kind);
    expect(kinds.filter((kind) => kind === 'create')).toHaveLength(25);
    expect(kinds.slice(25)).toEqual(Array.from({ length: 5 }, () => 'drop'));
    expect(decide(299, occurrence({ note: 'a' })).kind).toBe('drop');
    expect(decide(300, occurrence({ note: 'b' })).kind).toBe('create');
    expect(decide(301, occurrence({ note: 'c' })).kind).toBe('drop');
  });

  test('of one object is not the limit of another', () => {
    const { decide } = setUp();
    for (let index = 0; index < 30; index++) decide(0, occurrence({ note: `note ${index}` }));
    expect(decide(0, occurrence({}, 'other')).kind).toBe('create');
  });

  test('holds back updates too, which tell the whole count later', () => {
    const { decide } = setUp();
    decide(0);
    for (let index = 0; index < 24; index++) decide(0, occurrence({ note: `note ${index}` }));
    expect(decide(100).kind).toBe('skip');
    expect(decide(300)).toMatchObject({ kind: 'update', series: { count: 3 } });
  });

  test('is not stretched by a clock that is set back', () => {
    const { decide } = setUp();
    for (let index = 0; index < 26; index++) decide(0, occurrence({ note: `note ${index}` }));
    expect(decide(-86_400, occurrence({ note: 'x' })).kind).toBe('drop');
    expect(decide(-86_400 + 300, occurrence({ note: 'y' })).kind).toBe('create');
  });
});

test('what is remembered has a bound, and what was used least recently goes first', () => {
  const { decide } = setUp();
  decide(0, occurrence({}, 'early'));
  for (let index = 0; index < 4_096; index++) {
    decide(0, occurrence({}, `object ${index}`));
    decide(0, occurrence({}, 'object 0'));
  }
  expect(decide(60, occurrence({}, 'early')).kind).toBe('create');
  expect(decide(60, occurrence({}, 'object 0')).kind).toBe('update');
});
