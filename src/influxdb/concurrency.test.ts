import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { afterCall, isOut, mostCalls, UNKNOWN_CONCURRENCY, type Concurrency, type EndedCall } from './concurrency.ts';

/** A round of calls, as many as may be under way, which all end alike; more wait for their places. */
function round(state: Concurrency, result: EndedCall['result']): Concurrency {
  const { epoch } = state;
  let after = state;
  for (let call = 0; call < mostCalls(state); call += 1) {
    after = afterCall(after, { operation: 'create', epoch, underWay: mostCalls(after), result });
  }
  return after;
}

function rounds(count: number, state: Concurrency, result: (state: Concurrency) => EndedCall['result']): Concurrency {
  let after = state;
  for (let number = 0; number < count; number += 1) after = round(after, result(after));
  return after;
}

const answered = (milliseconds: number): EndedCall['result'] => ({ was: 'answered', milliseconds });

/** A server that works on so many calls at a time, 20 ms each; the others wait. */
const server =
  (capacity: number) =>
  (state: Concurrency): EndedCall['result'] =>
    answered(20 * Math.max(1, mostCalls(state) / capacity));

describe('the number of calls at a time', () => {
  test('doubles with each round, however far away the server is, as long as answers take no longer', () => {
    expect([1, 2, 3].map((count) => mostCalls(rounds(count, UNKNOWN_CONCURRENCY, () => answered(200))))).toEqual([
      8, 16, 32,
    ]);
  });

  test('stays near what the server can do at a time', () => {
    const settled = rounds(50, UNKNOWN_CONCURRENCY, server(10));
    expect(mostCalls(settled)).toBeGreaterThanOrEqual(10);
    expect(mostCalls(settled)).toBeLessThanOrEqual(20);
  });

  test('falls when the server becomes slower under the same load, and rises when it recovers', () => {
    const fast = rounds(20, UNKNOWN_CONCURRENCY, server(32));
    const slow = rounds(20, fast, server(8));
    expect(mostCalls(slow)).toBeLessThan(mostCalls(fast) / 2);
    expect(mostCalls(rounds(60, slow, server(32)))).toBeGreaterThan(mostCalls(slow) * 1.5);
  });

  test('does not take a server that moved farther away for a busy one for ever', () => {
    const near = rounds(10, UNKNOWN_CONCURRENCY, () => answered(20));
    expect(mostCalls(rounds(300, near, () => answered(40)))).toBeGreaterThan(32);
  });

  test('is halved once by a burst of 429, and not by what was sent before', () => {
    const many = rounds(3, UNKNOWN_CONCURRENCY, () => answered(20));
    expect(mostCalls(round(many, { was: 'overloaded' }))).toBe(mostCalls(many) / 2);
  });

  test('is one while nothing is answered; then it rises fast to half of what it was, and slowly from there', () => {
    const many = rounds(3, UNKNOWN_CONCURRENCY, () => answered(20));
    let state = round(many, { was: 'silent' });
    expect([mostCalls(state), isOut(state)]).toEqual([1, false]);
    state = round(state, { was: 'silent' });
    expect([mostCalls(state), isOut(state)]).toEqual([1, true]);
    state = round({ ...state, threshold: 16 }, answered(20));
    expect([mostCalls(state), isOut(state)]).toEqual([2, false]);
    state = rounds(3, state, () => answered(20));
    expect(mostCalls(state)).toBe(16);
    expect(mostCalls(round(state, answered(20)))).toBe(16);
  });

  test('is not touched by an answer that says no', () => {
    expect(round(UNKNOWN_CONCURRENCY, { was: 'refused' })).toEqual(UNKNOWN_CONCURRENCY);
  });

  test('does not rise while there is less to do', () => {
    const one: EndedCall = { operation: 'get', epoch: 0, underWay: 1, result: answered(5) };
    let state = UNKNOWN_CONCURRENCY;
    for (let call = 0; call < 100; call += 1) state = afterCall(state, one);
    expect(mostCalls(state)).toBe(mostCalls(UNKNOWN_CONCURRENCY));
  });

  test('takes a slow operation beside a quick one for what it is', () => {
    let state = UNKNOWN_CONCURRENCY;
    for (let call = 0; call < 200; call += 1) {
      const { epoch } = state;
      const sent = { epoch, underWay: mostCalls(state) };
      state = afterCall(state, { ...sent, operation: 'get', result: answered(2) });
      state = afterCall(state, { ...sent, operation: 'create', result: answered(200) });
    }
    expect(mostCalls(state)).toBe(64);
  });

  test('is between 1 and 64 whatever happens, and falls at most once for all calls of one epoch', () => {
    const call = fc.record({
      operation: fc.constantFrom('get', 'create', 'revoke'),
      late: fc.boolean(),
      underWay: fc.integer({ min: 1, max: 64 }),
      result: fc.oneof(
        fc.record({
          was: fc.constant<'answered'>('answered'),
          milliseconds: fc.double({ min: 0, max: 1e5, noNaN: true }),
        }),
        fc.record({ was: fc.constantFrom<'refused' | 'overloaded' | 'silent'>('refused', 'overloaded', 'silent') }),
      ),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 300 }), (calls) => {
        let state = UNKNOWN_CONCURRENCY;
        for (const { late, ...ended } of calls) {
          const epoch = Math.max(0, state.epoch - Number(late));
          const after = afterCall(state, { ...ended, epoch });
          expect(mostCalls(after)).toBeGreaterThanOrEqual(1);
          expect(mostCalls(after)).toBeLessThanOrEqual(64);
          const fell = after.limit < state.limit;
          expect(fell ? [epoch, after.epoch] : []).toEqual(fell ? [state.epoch, state.epoch + 1] : []);
          state = after;
        }
      }),
    );
  });
});
