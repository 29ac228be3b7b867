// What the rounds come to: for machines as plain data, for people as a table.

import type { Figures, Goal, Metric, Scenario } from './scenario.ts';
import { spread, type Spread } from './statistics.ts';

/** One round: both sides, one right after the other. */
export interface Round {
  readonly raw: Figures;
  readonly operator: Figures;
}

/** A metric over all rounds. */
export interface MetricReport {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly raw: Spread;
  readonly operator: Spread;
  /** Operator to raw loop, paired by round. */
  readonly ratio: Spread;
  readonly goal?: Goal & { readonly met: boolean; readonly laterMet?: boolean };
}

/** A scenario over all rounds. */
export interface ScenarioReport {
  readonly name: string;
  readonly shows: string;
  readonly tokens: number;
  readonly metrics: readonly MetricReport[];
  /** Cores that those used who have no part in the measurement. */
  readonly strangers: Spread;
  readonly rounds: readonly Round[];
}

/** Sums the rounds of a scenario up. */
export function summarize(scenario: Scenario, tokens: number, rounds: readonly Round[]): ScenarioReport {
  return {
    name: scenario.name,
    shows: scenario.shows,
    tokens,
    metrics: scenario.metrics.map((metric) => summarizeMetric(metric, rounds)),
    strangers: spread(rounds.flatMap(({ raw, operator }) => [figure(raw, 'strangers'), figure(operator, 'strangers')])),
    rounds,
  };
}

function summarizeMetric({ key, name, unit, goal }: Metric, rounds: readonly Round[]): MetricReport {
  const raw = rounds.map((round) => figure(round.raw, key));
  const operator = rounds.map((round) => figure(round.operator, key));
  const ratio = spread(rounds.map((round) => figure(round.operator, key) / figure(round.raw, key)));
  const report = { key, name, unit, raw: spread(raw), operator: spread(operator), ratio };
  if (goal === undefined) return report;
  const value = goal.of === 'ratio' ? ratio.median : report.operator.median;
  const meets = (bound: number): boolean => (goal.is === 'atMost' ? value <= bound : value >= bound);
  const later = goal.later === undefined ? {} : { laterMet: meets(goal.later) };
  return { ...report, goal: { ...goal, met: meets(goal.value), ...later } };
}

function figure(figures: Figures, key: string): number {
  const value = figures[key];
  if (value === undefined) throw new Error(`the scenario did not measure "${key}"`);
  return value;
}

/** Whether every goal is met. */
export function goalsMet(reports: readonly ScenarioReport[]): boolean {
  return reports.every(({ metrics }) => metrics.every(({ goal }) => goal?.met ?? true));
}

/** Cores that others may use: with more, caches and queues are theirs, and even ratios and CPU times tell of them. */
const QUIET = 0.1;

/** The table for people. */
export function table({ name, shows, tokens, metrics, strangers, rounds }: ScenarioReport): string {
  const rows = [
    ['', 'raw loop', 'operator', 'ratio', 'goal'],
    ...metrics.map((metric) => [
      metric.unit === '' ? metric.name : `${metric.name}, ${metric.unit}`,
      text(metric.raw),
      text(metric.operator),
      text(metric.ratio),
      goalText(metric.goal),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
  return [
    `${name}: ${shows}`,
    `${rounds.length} rounds of ${tokens} tokens; median (least to most)`,
    `other processes used ${text(strangers)} cores${strangers.median > QUIET ? ': too much, repeat it on a quiet machine' : ''}`,
    '',
    ...lines.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function text({ median, least, most }: Spread): string {
  return `${short(median)} (${short(least)} to ${short(most)})`;
}

/** Three digits that matter. */
function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function goalText(goal: MetricReport['goal']): string {
  if (goal === undefined) return '';
  const sign = goal.is === 'atMost' ? '<=' : '>=';
  const later = goal.later === undefined ? '' : `; later ${sign} ${goal.later}: ${met(goal.laterMet)}`;
  return `${goal.of} ${sign} ${goal.value}: ${met(goal.met)}${later}`;
}

function met(is: boolean | undefined): string {
  return is === true ? 'met' : 'not met';
}
