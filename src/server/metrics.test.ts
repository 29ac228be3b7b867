import { describe, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';
import { negotiate, toOpenMetrics } from './openmetrics.ts';

const OPEN = 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

/** The series of a page by their name and labels. */
async function scrape(metrics: ReturnType<typeof createMetrics>, accept?: string): Promise<Record<string, number>> {
  const { body } = await metrics.page({ accept });
  const lines = body.split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe('metrics', () => {
  test('count what they are told, in base units', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.reconciled('DatabaseToken', 'success', 20);
    metrics.reconciled('DatabaseToken', 'success', 2_000);
    metrics.reconciled('ManagementToken', 'error', 1);
    metrics.issuerRequest('create', 'OutcomeUnknown', 250);
    metrics.minted('DatabaseToken');
    metrics.revoked('DatabaseToken');
    metrics.rotated('DatabaseToken');
    metrics.abandoned('DatabaseToken');
    metrics.orphansFound('production', 3);
    metrics.inventoryHeld('production', true);
    metrics.clusterConnected('production', true);
    metrics.clusterConnected('staging', false);
    metrics.leading(true);
    expect(await scrape(metrics)).toMatchObject({
      [`influxtokens_build_info{version="1.2.3",node_version="${process.version}"}`]: 1,
      'influxtokens_reconcile_total{kind="DatabaseToken",result="success"}': 2,
      'influxtokens_reconcile_total{kind="ManagementToken",result="error"}': 1,
      'influxtokens_reconcile_duration_seconds_sum{kind="DatabaseToken",result="success"}': 2.02,
      'influxtokens_reconcile_duration_seconds_bucket{le="0.025",kind="DatabaseToken",result="success"}': 1,
      'influxtokens_issuer_requests_total{operation="create",result="OutcomeUnknown"}': 1,
      'influxtokens_issuer_request_duration_seconds_sum{operation="create",result="OutcomeUnknown"}': 0.25,
      'influxtokens_tokens_minted_total{kind="DatabaseToken"}': 1,
      'influxtokens_tokens_revoked_total{kind="DatabaseToken"}': 1,
      'influxtokens_token_rotations_total{kind="DatabaseToken"}': 1,
      'influxtokens_tokens_abandoned_total{kind="DatabaseToken"}': 1,
      'influxtokens_orphans_found_total{cluster="production"}': 3,
      'influxtokens_inventory_held{cluster="production"}': 1,
      'influxtokens_cluster_connected{cluster="production"}': 1,
      'influxtokens_cluster_connected{cluster="staging"}': 0,
      influxtokens_leader: 1,
    });
  });

  test('look at the queue with every scrape', async () => {
    const metrics = createMetrics('1.2.3');
    let depth = 7;
    metrics.watchQueue('DatabaseToken', () => ({
      depth,
      delayed: 2,
      processing: 1,
      oldestAge: 1_500,
      longestRun: 250,
    }));
    expect(await scrape(metrics)).toMatchObject({
      'influxtokens_queue_depth{kind="DatabaseToken"}': 7,
      'influxtokens_queue_delayed{kind="DatabaseToken"}': 2,
      'influxtokens_queue_processing{kind="DatabaseToken"}': 1,
      'influxtokens_queue_oldest_age_seconds{kind="DatabaseToken"}': 1.5,
      'influxtokens_queue_longest_run_seconds{kind="DatabaseToken"}': 0.25,
    });
    depth = 0;
    expect(await scrape(metrics)).toMatchObject({ 'influxtokens_queue_depth{kind="DatabaseToken"}': 0 });
  });

  test('a reason that no object has any more is not shown any more', async () => {
    const metrics = createMetrics('1.2.3');
    let counts = [{ kind: 'DatabaseToken', reason: 'Issuing', count: 1 }];
    metrics.watchTokens(() => counts);
    expect(await scrape(metrics)).toHaveProperty(['influxtokens_tokens{kind="DatabaseToken",reason="Issuing"}'], 1);
    counts = [{ kind: 'DatabaseToken', reason: 'Issued', count: 1 }];
    const series = await scrape(metrics);
    expect(series).toHaveProperty(['influxtokens_tokens{kind="DatabaseToken",reason="Issued"}'], 1);
    expect(series).not.toHaveProperty(['influxtokens_tokens{kind="DatabaseToken",reason="Issuing"}']);
  });

  test('dropped Events stay a counter over several scrapes', async () => {
    const metrics = createMetrics('1.2.3');
    let dropped = 0;
    metrics.watchDroppedEvents(() => dropped);
    const seen = [];
    for (dropped of [0, 2, 5]) seen.push((await scrape(metrics))['influxtokens_events_dropped_total']);
    expect(seen).toEqual([0, 2, 5]);
  });

  test('a cluster that is gone leaves no series behind', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.clusterConnected('old', true);
    metrics.inventoryHeld('old', false);
    metrics.orphansFound('old', 1);
    metrics.clusterGone('old');
    expect(Object.keys(await scrape(metrics)).filter((name) => name.includes('old'))).toEqual([]);
  });

  test('several sets in one process do not get in each other’s way', async () => {
    createMetrics('1').leading(true);
    expect(await scrape(createMetrics('2'))).toMatchObject({ influxtokens_leader: 0 });
  });

  test('the process and the delay of the event loop are among them when asked for', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.watchProcess();
    const names = Object.keys(await scrape(metrics));
    expect(names).toEqual(
      expect.arrayContaining([
        'process_resident_memory_bytes',
        'process_cpu_seconds_total',
        'nodejs_eventloop_lag_p99_seconds',
      ]),
    );
  });

  test('every name follows the conventions: our prefix, a base unit, _total for counters only, and a help', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.watchTokens(() => []);
    metrics.watchDroppedEvents(() => 0);
    const { body } = await metrics.page({});
    const types = Array.from(body.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [name ?? '', type] as const);
    expect(types.length).toBeGreaterThan(15);
    for (const [name, type] of types) {
      expect(name).toMatch(/^influxtokens_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name).not.toMatch(/milliseconds|minutes/);
      expect(body).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9].*\\.$`, 'm'));
    }
  });
});

describe('the format', () => {
  test.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    [OPEN, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;q=0.2, text/plain;q=0.9', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text; q=nonsense', 'text'],
  ])('for Accept %j is %s', (accept, format) => {
    expect(negotiate(accept)).toBe(format);
  });

  test('is announced by the content type, and OpenMetrics ends with its mark', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.minted('DatabaseToken');
    const [text, open] = [await metrics.page({}), await metrics.page({ accept: OPEN })];
    expect(text.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(open.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(open.body).toMatch(/[^\n]\n# EOF\n$/);
    expect(open.body).not.toMatch(/\n\n/);
  });

  test('may change from scrape to scrape without a counter losing its name', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.minted('DatabaseToken');
    const before = await scrape(metrics);
    expect(await scrape(metrics, OPEN)).toEqual(before);
    expect(await scrape(metrics)).toEqual(before);
  });

  test('OpenMetrics declares a counter without _total, and leaves a gauge with an unlucky name alone', () => {
    const text =
      '# HELP a_total A.\n# TYPE a_total counter\na_total 1\n\n# HELP b_total B.\n# TYPE b_total gauge\nb_total 2\n';
    expect(toOpenMetrics(text)).toBe(
      '# HELP a A.\n# TYPE a counter\na_total 1\n# HELP b_total B.\n# TYPE b_total gauge\nb_total 2\n# EOF\n',
    );
  });
});
