import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dump } from 'js-yaml';
import { createMetrics } from '../../../src/server/metrics.ts';
import { Stage } from '../../operator/stage.ts';
import { dashboardQueries, metricsIn, prometheusRule, rulesOf } from '../../monitoring/monitoring.ts';
import { promtool, scrape } from './promtool.ts';

/** Built first: it takes a minute once. */
const BUILD = 600_000;

let folder: string;
let stage: Stage;
let page: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'influxtokens-monitoring-'));
  await writeFile(join(folder, 'rules.yaml'), dump((await prometheusRule()).spec));
  await cp(join(import.meta.dirname, 'alerts.yaml'), join(folder, 'alerts.yaml'));
  await promtool(['--version']);
  stage = await Stage.start();
  const scene = await stage.scene('monitoring');
  await scene.apply('telegraf');
  await scene.waitForReason('telegraf', 'Issued');
  page = (await stage.operator.page('/metrics')).text;
}, BUILD);

afterAll(async () => {
  await stage.stop();
  await rm(folder, { recursive: true });
});

test('the rules are what Prometheus takes for rules', async () => {
  const { code, output } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', join(folder, 'rules.yaml')]);
  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining(`SUCCESS: ${(await rulesOf()).length} rules`),
  });
});

test('each alert fires when it should, and none when all is well', async () => {
  expect(await promtool(['test', 'rules', join(folder, 'alerts.yaml')])).toEqual({
    code: 0,
    output: expect.stringContaining('SUCCESS'),
  });
});

test('Prometheus finds nothing to complain of in our metrics on the page of a running operator', async () => {
  expect(page).toContain('influxtokens_tokens_minted_total{kind="DatabaseToken"} 1');
  const ours = page.split('\n').filter((line) => /^(# \w+ )?influxtokens_/.test(line));
  expect(await promtool(['check', 'metrics'], `${ours.join('\n')}\n`)).toEqual({ code: 0, output: '' });
});

test('the whole page parses, with what Node.js tells of itself', async () => {
  // Code 3: it was read, and there is something to complain of, which is the library's.
  const { code, output } = await promtool(['check', 'metrics'], page);
  expect([0, 3]).toContain(code);
  expect(output).not.toContain('influxtokens_');
});

test('a scrape in OpenMetrics reads as many samples as one in the text format', async () => {
  const metrics = createMetrics('1.2.3');
  metrics.minted('DatabaseToken');
  metrics.reconciled('DatabaseToken', 'success', 20);
  const counts = [];
  for (const accept of ['text/plain', 'application/openmetrics-text']) {
    const { contentType, body } = await metrics.page({ accept });
    const { code, output } = await scrape(contentType, body);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^\d+\n$/) });
    counts.push(Number(output));
  }
  expect(counts[0]).toBeGreaterThan(20);
  expect(counts[1]).toBe(counts[0]);
});

test('every metric that an alert or the dashboard asks for is on the page of a running operator', async () => {
  const named = new Set(Array.from(page.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name));
  const asked = [...(await rulesOf()).map(({ expr }) => expr), ...(await dashboardQueries())].flatMap(metricsIn);
  expect(asked.length).toBeGreaterThan(40);
  expect(asked.filter((name) => !named.has(name))).toEqual([]);
});
