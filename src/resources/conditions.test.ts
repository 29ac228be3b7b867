import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { advice, conditionsOf, legible, rfc3339, type Condition } from './conditions.ts';
import { isReason, REASONS, type Reason } from './reasons.ts';
import { holdsRemedy } from '../../test/remedy.ts';

const NOW = Date.UTC(2030, 0, 1);
const LATER = NOW + 60_000;
const names = Object.keys(REASONS).filter(isReason);
const ofClass = (group: string): Reason[] => names.filter((reason) => REASONS[reason].class === group);
const after = (
  reason: Reason,
  before: readonly Condition[] = [],
  standing = false,
  generation = 1,
  now = NOW,
): Condition[] => conditionsOf({ reason, message: `because of ${reason}`, standing }, before, generation, now);
const summary = (conditions: readonly Condition[]): string =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join(', ');

describe('the conditions of a new object', () => {
  test.each(ofClass('good'))('with %s are Ready and Synced, and nothing else', (reason) => {
    expect(summary(after(reason))).toBe(`Ready=True ${reason}, Synced=True ${reason}`);
  });

  test.each([...ofClass('underway'), ...ofClass('retrying')])('with %s say that it is being worked on', (reason) => {
    expect(summary(after(reason))).toBe(`Ready=False ${reason}, Synced=False ${reason}, Reconciling=True ${reason}`);
  });

  test.each(ofClass('stalled'))('with %s say that a person must act', (reason) => {
    expect(summary(after(reason))).toBe(`Ready=False ${reason}, Synced=False ${reason}, Stalled=True ${reason}`);
  });

  test('with Suspended are not Ready, and neither worked on nor stalled', () => {
    expect(summary(after('Suspended'))).toBe('Ready=False Suspended, Synced=Unknown Suspended');
  });
});

describe('the conditions of an object with a live token', () => {
  const issued = after('Issued');

  test.each(ofClass('retrying'))('stay Ready while %s passes; only Synced tells', (reason) => {
    expect(summary(after(reason, issued, true))).toBe(`Ready=True Issued, Synced=False ${reason}`);
  });

  test('stay Ready when it is suspended, but say so', () => {
    expect(summary(after('Suspended', issued))).toBe('Ready=True Suspended, Synced=Unknown Suspended');
  });

  test('no longer say Suspended when it goes on, even if something hinders that at once', () => {
    const resumed = after('ClusterUnreachable', after('Suspended', issued), true);
    expect(summary(resumed)).toBe('Ready=True Issued, Synced=False ClusterUnreachable');
  });

  test('of a suspended object tell which generation is in effect, for nothing newer will be', () => {
    const [ready, synced] = after('Suspended', issued, false, 2);
    expect([ready?.observedGeneration, synced?.observedGeneration]).toEqual([1, 2]);
  });

  test('are not Ready when access is denied, although the token still works', () => {
    expect(after('AccessDenied', issued, true)[0]).toMatchObject({ type: 'Ready', status: 'False' });
  });

  test('do not become Ready by a passing hindrance if they were not', () => {
    expect(after('ClusterUnreachable', after('Activating'), true)[0]).toMatchObject({ type: 'Ready', status: 'False' });
  });
});

test('a transition time changes only with the status', () => {
  const issuing = after('Issuing');
  const activating = after('Activating', issuing, false, 1, LATER);
  expect(activating.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(Array(3).fill(rfc3339(NOW)));
  const issued = after('Issued', activating, false, 1, LATER);
  expect(issued.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(Array(2).fill(rfc3339(LATER)));
});

test('a message is cut where a terminal has enough, and never within a character', () => {
  const message =
    conditionsOf({ reason: 'InternalError', message: `${'x'.repeat(1023)}🦔` }, [], 1, NOW)[0]?.message ?? '';
  expect(message.length).toBeLessThanOrEqual(1024);
  expect(message.isWellFormed()).toBe(true);
});

describe('after any history', () => {
  const verdict = fc.record({
    reason: fc.constantFrom(...names),
    message: fc.string({ unit: 'binary', maxLength: 2000 }),
    standing: fc.boolean(),
  });
  const history = fc.array(fc.record({ verdict, generation: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 6,
  });

  test('Reconciling and Stalled exclude each other, are absent when false, and never stand beside Ready=True', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let before: Condition[] = [];
        for (const [at, { verdict, generation }] of steps.entries()) {
          before = conditionsOf(verdict, before, generation, NOW + at * 1000);
          const abnormal = before.filter(({ type }) => type === 'Reconciling' || type === 'Stalled');
          const ready = before.filter(({ type }) => type === 'Ready');
          expect(ready).toHaveLength(1);
          expect(abnormal.length).toBeLessThanOrEqual(ready[0]?.status === 'True' ? 0 : 1);
          expect(abnormal.every(({ status }) => status === 'True')).toBe(true);
          expect(new Set(before.map(({ type }) => type)).size).toBe(before.length);
        }
      }),
    );
  });

  test('saying the same again changes nothing, so that status comes to rest', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let before: Condition[] = [];
        for (const { verdict, generation } of steps) before = conditionsOf(verdict, before, generation, NOW);
        const { verdict, generation } = steps.at(-1)!;
        expect(conditionsOf(verdict, before, generation, LATER)).toEqual(before);
      }),
    );
  });
});

describe('the catalogue of reasons', () => {
  test.each(names)(
    '%s is one word as the API conventions want it, with a meaning, a cause and a remedy in sentences',
    (reason) => {
      expect(reason).toMatch(/^[A-Z][A-Za-z]{2,62}$/);
      for (const text of [REASONS[reason].meaning, REASONS[reason].cause, REASONS[reason].remedy]) {
        expect(text).toMatch(/^([A-Z]|spec\.).*\.$/);
      }
    },
  );

  test('knows no reason that every object seems to have', () => {
    expect([isReason('constructor'), isReason('toString'), isReason('')]).toEqual([false, false, false]);
  });
});

describe('instants', () => {
  test('are written in UTC and whole seconds', () => {
    expect(rfc3339(NOW + 999)).toBe('2030-01-01T00:00:00Z');
  });

  test('are written as a Date writes them, whichever were written before', () => {
    const within = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(within, (date) => {
        expect(rfc3339(date.getTime())).toBe(date.toISOString().replace(/\.\d+Z$/, 'Z'));
      }),
    );
  });

  test.each([Number.NaN, Infinity, 8.65e15])('that no Date can hold (%d) are refused', (instant) => {
    expect(() => rfc3339(instant)).toThrow(RangeError);
  });
});

test('a message is one line that drives no terminal, however long and strange what it quotes is', () => {
  const hostile = `a\u001b[2J\r\nb\u009b31m\u202ec\u2028d${'🔑'.repeat(1_000_000)}`;
  const message = legible(`Secret x belongs to ${hostile}.`);
  expect(message).toMatch(/^Secret x belongs to a \[2J b 31m c d🔑/);
  expect(message.length).toBeLessThanOrEqual(1024);
  expect(message.isWellFormed()).toBe(true);
  const [ready] = conditionsOf({ reason: 'SecretConflict', message: hostile }, [], 1, 0);
  expect(ready?.message).toMatch(/^a \[2J b 31m c d🔑/);
  expect(ready?.message.isWellFormed()).toBe(true);
});

describe('the message of a condition', () => {
  const bad = names.filter((reason) => REASONS[reason].class !== 'good');

  test.each(bad)('with %s says what to do, whatever the failure itself says', (reason) => {
    const [ready] = conditionsOf({ reason, message: 'it answered 500: oops' }, [], 1, NOW);
    expect(holdsRemedy('it answered 500: oops')).toBe(false);
    expect(ready?.message).toMatch(/^it answered 500: oops\. /);
    expect(holdsRemedy(ready?.message ?? '')).toBe(true);
  });

  test('says nothing more where all is well', () => {
    expect(advice({ reason: 'Issued', message: 'Token a is live.' })).toBe('Token a is live.');
  });

  test('gives the remedy of this very case in place of the usual one', () => {
    const verdict = { reason: 'Revoking', message: 'The cluster is away', remedy: 'Bring it back.' } as const;
    expect(advice(verdict)).toBe('The cluster is away. Bring it back.');
    expect(advice({ ...verdict, remedy: '' })).toBe('The cluster is away');
  });

  test('keeps its remedy, however long a stranger made the rest', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bad), fc.string({ maxLength: 4_000, unit: 'binary' }), (reason, text) => {
        const message = advice({ reason, message: text });
        expect(message.length).toBeLessThanOrEqual(1_024);
        expect(message.endsWith(REASONS[reason].remedy)).toBe(true);
      }),
    );
  });
});
