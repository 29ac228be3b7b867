import { describe, expect, test } from '@jest/globals';

import { HELP, readOptions } from '../bench/options.ts';
import { withResults } from '../bench/page.ts';
import { goalsMet, markdown, summarize, table, type Round } from '../bench/report.ts';
import type { Goal, Scenario } from '../bench/scenario.ts';
import { median, quantile, spread } from '../bench/statistics.ts';

describe('the statistics of the benchmark', () => {
  test('the median is the middle one, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test('a quantile is interpolated, and its ends are the extremes', () => {
    const values = [10, 20, 30, 40, 50];
    expect([0, 0.95, 1].map((part) => quantile(values, part))).toEqual([10, 48, 50]);
    expect(spread(values)).toEqual({ median: 30, least: 10, most: 50 });
  });

  test('there is no quantile of nothing', () => {
    expect(() => median([])).toThrow('no quantile of nothing');
  });
});

describe('the report of the benchmark', () => {
  const scenario = (goal: Goal): Scenario => ({
    name: 'example',
    shows: 'how this works',
    tokens: 10,
    metrics: [{ key: 'time', name: 'time', unit: 'ms', goal }],
    run: () => Promise.reject(new Error('not measured here')),
  });
  const round = (raw: number, operator: number): Round => ({
    raw: { time: raw, strangers: 0 },
    operator: { time: operator, strangers: 0.5 },
  });
  // The machine was twice as slow in the second round, on both sides.
  const rounds = [round(10, 12), round(20, 24), round(10, 13)];

  test('ratios are paired by round, so that a machine that slows down does not show in them', () => {
    const [metric] = summarize(scenario({ of: 'ratio', is: 'atMost', value: 1.5 }), 10, rounds).metrics;
    expect(metric?.ratio).toEqual({ median: 1.2, least: 1.2, most: 1.3 });
  });

  test.each<[string, Goal, boolean, boolean | undefined]>([
    ['a ratio below its bound is met', { of: 'ratio', is: 'atMost', value: 1.5, later: 1.1 }, true, false],
    ['a ratio above its bound is not', { of: 'ratio', is: 'atMost', value: 1.1 }, false, undefined],
    ['a ratio that should be high', { of: 'ratio', is: 'atLeast', value: 1.1, later: 1.15 }, true, true],
    ['the figure of the operator itself', { of: 'operator', is: 'atMost', value: 13 }, true, undefined],
  ])('%s', (_, goal, met, laterMet) => {
    const report = summarize(scenario(goal), 10, rounds);
    expect(report.metrics[0]?.goal?.met).toBe(met);
    expect(report.metrics[0]?.goal?.laterMet).toBe(laterMet);
    expect(goalsMet([report])).toBe(met);
  });

  test('the table shows both sides, the ratio and the goal', () => {
    const text = table(summarize(scenario({ of: 'ratio', is: 'atMost', value: 1.5, later: 1.1 }), 10, rounds));
    expect(text).toContain('example: how this works');
    expect(text).toMatch(/time, ms +10.0 \(10.0 to 20.0\) +13.0 \(12.0 to 24.0\) +1.20 \(1.20 to 1.30\)/);
    expect(text).toContain('ratio <= 1.5: met; later <= 1.1: not met');
  });
});

describe('a busy machine', () => {
  const quiet = { time: 10, strangers: 0.02 };
  const busy = { time: 10, strangers: 0.9 };
  const scenario: Scenario = {
    name: 'example',
    shows: 'how this works',
    tokens: 10,
    metrics: [],
    run: () => Promise.reject(new Error('not measured here')),
  };

  test('is pointed out, and a quiet one is not', () => {
    const warning = 'repeat it on a quiet machine';
    expect(table(summarize(scenario, 10, [{ raw: busy, operator: busy }]))).toContain(warning);
    expect(table(summarize(scenario, 10, [{ raw: quiet, operator: quiet }]))).not.toContain(warning);
  });
});

describe('requests', () => {
  test('are shown by what was asked, for each token', () => {
    const scenario = { name: 'x', shows: 'y', tokens: 10, metrics: [], run: async () => ({}) };
    const operator = { strangers: 0, 'request: patch databasetokens': 2, 'request: POST /tokens': 1 };
    const report = summarize(scenario, 10, [{ operator }]);
    const line = 'equests of the operator for each token: POST /tokens 1.00, patch databasetokens 2.00';
    expect(table(report)).toContain(`r${line}`);
    expect(markdown(report)).toContain(`R${line}.`);
  });

  test('that were not counted take no line', () => {
    const scenario = { name: 'x', shows: 'y', tokens: 10, metrics: [], run: async () => ({}) };
    expect(table(summarize(scenario, 10, [{ operator: { strangers: 0 } }]))).not.toContain('requests');
  });
});

describe('a scenario of the operator alone', () => {
  const alone: Scenario = {
    name: 'alone',
    shows: 'what only the operator has',
    tokens: 10,
    alone: true,
    metrics: [{ key: 'memory', name: 'memory', unit: 'MiB', goal: { of: 'operator', is: 'atMost', value: 100 } }],
    run: () => Promise.reject(new Error('not measured here')),
  };
  const report = summarize(alone, 10, [{ operator: { memory: 90, strangers: 0 } }]);

  test('has no ratio, and its goals are met or missed all the same', () => {
    expect(report.metrics[0]).not.toHaveProperty('ratio');
    expect(goalsMet([report])).toBe(true);
    expect(table(report)).toMatch(/memory, MiB +90.0 \(90.0 to 90.0\) +operator <= 100: met/);
  });

  test('comes into a page between its marks, in place of what stood there', () => {
    const result = {
      date: '2030-01-01T00:00:00Z',
      machine: { cores: 2, model: 'x', node: 'v26' },
      scenarios: [report],
    };
    const page = withResults('before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n', [result]);
    expect(page).toContain('| memory, MiB |  | 90.0 (90.0 to 90.0) |  | operator <= 100: met |');
    expect(page).toMatch(/^before\n.*after\n$/s);
    expect(page).not.toContain('old');
    expect(() => withResults('no marks', [result])).toThrow('<!-- results -->');
  });
});

const ALL = [
  'idle-latency',
  'backlog',
  'backlog-policy',
  'backlog-10000',
  'slow-20',
  'slow-200',
  'old-tokens',
  'foreign-secrets',
  'churn',
  'namespace-deletion',
  'standing',
];

describe('the command line of the benchmark', () => {
  test('without flags, all scenarios are run five times with their own number of tokens', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ rounds: 5, check: false, noise: false, tokens: undefined });
    expect(options?.scenarios.map(({ name }) => name)).toEqual(ALL);
  });

  test('says what is wrong with a flag', () => {
    expect(() => readOptions(['--scenario=idle'])).toThrow(`only ${ALL.join(', ')}`);
    expect(() => readOptions(['--rounds=0'])).toThrow('--rounds: "0" is not a whole number from 1');
  });

  test('help names every scenario', () => {
    expect(readOptions(['--help'])).toBeUndefined();
    expect(HELP).toContain(ALL.join(', '));
  });
});
