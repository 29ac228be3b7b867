// What is shipped for Prometheus and Grafana, as data.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';

/** The folder of the kustomize component. */
export const MONITORING = join(import.meta.dirname, '../../deploy/components/monitoring');

/** An alert or a recording rule. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The object of the Prometheus Operator; its spec is a rule file of Prometheus. */
export interface PrometheusRule {
  readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}

/** As much of a Grafana panel as is looked at. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** As it is applied. */
export async function prometheusRule(): Promise<PrometheusRule> {
  const rule = load(await readFile(join(MONITORING, 'prometheus-rule.yaml'), 'utf8'));
  if (!isPrometheusRule(rule)) throw new Error('prometheus-rule.yaml holds no PrometheusRule');
  return rule;
}

function isPrometheusRule(value: unknown): value is PrometheusRule {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'PrometheusRule';
}

/** All alerts and recording rules. */
export async function rulesOf(): Promise<readonly Rule[]> {
  return (await prometheusRule()).spec.groups.flatMap(({ rules }) => rules);
}

/** The panels of the dashboard, rows among them. */
export async function panels(): Promise<readonly Panel[]> {
  return JSON.parse(await readFile(join(MONITORING, 'dashboard.json'), 'utf8')).panels;
}

/** Every query of the dashboard. */
export async function dashboardQueries(): Promise<string[]> {
  return (await panels()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** The metrics that a query names, by the names that the page declares: of a histogram without `_bucket`. Recorded ones apart. */
export function metricsIn(query: string): string[] {
  return Array.from(query.matchAll(/[a-zA-Z_:][\w:]*/g), ([name]) => name)
    .filter((name) => /^(influxtokens|process|nodejs)_/.test(name))
    .map((name) => name.replace(/_bucket$/, ''));
}
