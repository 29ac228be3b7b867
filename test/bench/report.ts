// What the rounds come to: for machines as plain data, for people as a table.

import { REQUESTS, type Figures, type Goal, type Metric, type Scenario } from './scenario.ts';
import { spread, type Spread } from './statistics.ts';

/** One round: both sides, one right after the other; the operator alone where the raw loop is of no use. */
export interface Round {
  readonly raw?: Figures;
  readonly operator: Figures;
}

/** A metric over all rounds. */
export interface MetricReport {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  /** Absent, as the ratio, where the raw loop has no such figure. */
  readonly raw?: Spread;
  readonly operator: Spread;
  /** Operator to raw loop, paired by round. */
  readonly ratio?: Spread;
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
    strangers: spread(
      rounds.flatMap(({ raw, operator }) => [...(raw ? [raw] : []), operator].map((side) => figure(side, 'strangers'))),
    ),
    rounds,
  };
}

function summarizeMetric({ key, name, unit, goal }: Metric, rounds: readonly Round[]): MetricReport {
  const operator = rounds.map((round) => figure(round.operator, key));
  const raw = rounds.flatMap((round) => round.raw?.[key] ?? []);
  const paired = raw.length === rounds.length;
  const ratios = operator.map((value, round) => value / (raw[round] ?? Number.NaN));
  const both = paired ? { raw: spread(raw), ratio: spread(ratios) } : {};
  const report: MetricReport = { key, name, unit, operator: spread(operator), ...both };
  if (goal === undefined) return report;
  const value = goal.of === 'ratio' ? (report.ratio?.median ?? Number.NaN) : report.operator.median;
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
      optional(metric.raw),
      text(metric.operator),
      optional(metric.ratio),
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
    ...requests(rounds).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function optional(spread: Spread | undefined): string {
  return spread === undefined ? '' : text(spread);
}

function text({ median, least, most }: Spread): string {
  return `${short(median)} (${short(least)} to ${short(most)})`;
}

/** What the operator asked of both servers for each token, in one line; none where the scenario does not count it. */
function requests(rounds: readonly Round[]): readonly string[] {
  const keys = new Set(
    rounds.flatMap(({ operator }) => Object.keys(operator)).filter((key) => key.startsWith(REQUESTS)),
  );
  if (keys.size === 0) return [];
  const counts = [...keys].toSorted().map((key) => {
    const { median } = spread(rounds.map(({ operator }) => operator[key] ?? 0));
    return `${key.slice(REQUESTS.length)} ${short(median)}`;
  });
  return [`requests of the operator for each token: ${counts.join(', ')}`];
}

/** The same in Markdown, for the documentation. */
export function markdown({ name, shows, tokens, metrics, strangers, rounds }: ScenarioReport): string {
  const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `### ${name}`,
    '',
    `${shows[0]?.toUpperCase()}${shows.slice(1)}. ${rounds.length} rounds of ${tokens} tokens; other processes used ${text(strangers)} cores.`,
    '',
    row('', 'raw loop', 'operator', 'ratio', 'goal'),
    row('---', '---', '---', '---', '---'),
    ...metrics.map((metric) =>
      row(
        metric.unit === '' ? metric.name : `${metric.name}, ${metric.unit}`,
        optional(metric.raw),
        text(metric.operator),
        optional(metric.ratio),
        goalText(metric.goal),
      ),
    ),
    ...requests(rounds).flatMap((line) => ['', `${line[0]?.toUpperCase()}${line.slice(1)}.`]),
    '',
  ].join('\n');
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
