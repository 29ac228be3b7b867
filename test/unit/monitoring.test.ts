import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REASONS } from '../../src/resources/reasons.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { dashboardQueries, metricsIn, panels, rulesOf } from '../monitoring/monitoring.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the alerts and recording rules', () => {
  test('name only metrics that there are, and rules that are recorded', async () => {
    const { body } = await createMetrics('1').page({});
    const rules = await rulesOf();
    const recorded = new Set(rules.map(({ record }) => record));
    for (const { expr } of rules) {
      expect(metricsIn(expr).filter((name) => !body.includes(`# TYPE ${name} `))).toEqual([]);
      const used = Array.from(expr.matchAll(/[\w]+:[\w:]+/g), ([name]) => name);
      expect(used.filter((name) => !recorded.has(name))).toEqual([]);
    }
  });

  test('name only reasons that the operator gives, and leave none out that a person has to act upon', async () => {
    const named = (await rulesOf()).flatMap(({ expr }) =>
      Array.from(expr.matchAll(/reason=~"([^"]+)"/g), ([, reasons = '']) => reasons.split('|')).flat(),
    );
    expect(named.filter((reason) => !Object.hasOwn(REASONS, reason))).toEqual([]);
    const stalled = Object.entries(REASONS).filter(([, { class: group }]) => group === 'stalled');
    expect(named).toEqual(expect.arrayContaining(stalled.map(([reason]) => reason)));
  });

  test('each alert has a severity, says what is the case, and leads to a section of the guide', async () => {
    const guide = await readFile(join(ROOT, 'docs/guides/monitoring.md'), 'utf8');
    const alerts = (await rulesOf()).filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBeGreaterThan(8);
    for (const { alert = '', labels, annotations } of alerts) {
      expect(labels?.['severity']).toMatch(/^(critical|warning|info)$/);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\.$/),
        description: expect.stringMatching(/\.$/),
        runbook: `docs/guides/monitoring.md#${alert.toLowerCase()}`,
      });
      expect(guide).toContain(`\n### ${alert}\n`);
    }
  });
});

describe('the dashboard', () => {
  test('asks only for metrics that there are', async () => {
    const metrics = createMetrics('1');
    metrics.watchProcess();
    const { body } = await metrics.page({});
    const asked = (await dashboardQueries()).flatMap(metricsIn);
    expect(asked.filter((name) => !body.includes(`# TYPE ${name} `))).toEqual([]);
  });

  test('has panels that say what they show, in which unit, and that stand beside each other', async () => {
    const all = await panels();
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { type, title, description, fieldConfig, targets } of all.filter(({ type }) => type !== 'row')) {
      expect(['stat', 'timeseries']).toContain(type);
      expect(title).toMatch(/^[A-Z]/);
      expect(description).toMatch(/\.$/);
      expect(fieldConfig?.defaults.unit).toMatch(/^[a-z_]+$/);
      expect(targets?.length).toBeGreaterThan(0);
    }
    for (const [index, { gridPos: one }] of all.entries()) {
      expect(one.x + one.w).toBeLessThanOrEqual(24);
      for (const { gridPos: other } of all.slice(index + 1)) {
        const apart =
          one.x + one.w <= other.x ||
          other.x + other.w <= one.x ||
          one.y + one.h <= other.y ||
          other.y + other.h <= one.y;
        expect(apart).toBe(true);
      }
    }
  });
});
