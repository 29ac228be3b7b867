import { describe, expect, test } from '@jest/globals';
import { METRICS, type MetricEntry } from './catalogue.ts';
import { createMetrics, type TokenFigures } from './metrics.ts';
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
    metrics.orphansFound('production', 'DatabaseToken', 3);
    metrics.inventoryHeld('production', 'ManagementToken', true);
    metrics.inventoryTaken('production', 'DatabaseToken', { begun: 10_000, finished: 12_500, live: 7 });
    metrics.clusterConnected('production', true);
    metrics.clusterConnected('staging', false);
    metrics.credentialEnds('production', 1_900_000_000_000);
    metrics.clockSkew('production', -1_500);
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
      'influxtokens_orphans_found_total{cluster="production",kind="DatabaseToken"}': 3,
      'influxtokens_inventory_held{cluster="production",kind="ManagementToken"}': 1,
      'influxtokens_inventory_last_success_timestamp_seconds{cluster="production",kind="DatabaseToken"}': 12.5,
      'influxtokens_inventory_last_duration_seconds{cluster="production",kind="DatabaseToken"}': 2.5,
      'influxtokens_inventory_tokens{cluster="production",kind="DatabaseToken"}': 7,
      'influxtokens_cluster_connected{cluster="production"}': 1,
      'influxtokens_cluster_connected{cluster="staging"}': 0,
      'influxtokens_credential_expiry_timestamp_seconds{cluster="production"}': 1_900_000_000,
      'influxtokens_clock_skew_seconds{cluster="production"}': -1.5,
      influxtokens_leader: 1,
    });
  });

  test('say nothing of the end of a credential that does not tell it', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.credentialEnds('production', 1_900_000_000_000);
    metrics.credentialEnds('production', undefined);
    const series = Object.keys(await scrape(metrics));
    expect(series.filter((name) => name.includes('credential'))).toEqual([]);
  });

  test('look at the queue with every scrape', async () => {
    const metrics = createMetrics('1.2.3');
    let depth = 7;
    metrics.watchQueue('tokens', () => ({
      depth,
      delayed: 2,
      processing: 1,
      oldestAge: 1_500,
      longestRun: 250,
    }));
    expect(await scrape(metrics)).toMatchObject({
      'influxtokens_queue_depth{queue="tokens"}': 7,
      'influxtokens_queue_delayed{queue="tokens"}': 2,
      'influxtokens_queue_processing{queue="tokens"}': 1,
      'influxtokens_queue_oldest_age_seconds{queue="tokens"}': 1.5,
      'influxtokens_queue_longest_run_seconds{queue="tokens"}': 0.25,
    });
    depth = 0;
    expect(await scrape(metrics)).toMatchObject({ 'influxtokens_queue_depth{queue="tokens"}': 0 });
  });

  test('a reason that no object has any more is not shown any more, nor an end that is past', async () => {
    const metrics = createMetrics('1.2.3');
    const none = { kind: 'DatabaseToken', renewalsLate: 0, revocationsPending: 0, oldestRevocation: 0 };
    let figures: TokenFigures[] = [
      { ...none, reasons: new Map([['Issuing', 1]]), firstEnd: 90_000, revocationsPending: 2, oldestRevocation: 1_500 },
    ];
    metrics.watchTokens(() => figures);
    expect(await scrape(metrics)).toMatchObject({
      'influxtokens_tokens{kind="DatabaseToken",reason="Issuing"}': 1,
      'influxtokens_earliest_fixed_end_timestamp_seconds{kind="DatabaseToken"}': 90,
      'influxtokens_revocations_pending{kind="DatabaseToken"}': 2,
      'influxtokens_revocation_oldest_age_seconds{kind="DatabaseToken"}': 1.5,
      'influxtokens_renewals_late{kind="DatabaseToken"}': 0,
    });
    figures = [{ ...none, reasons: new Map([['Issued', 1]]), renewalsLate: 1 }];
    const series = await scrape(metrics);
    expect(series).toMatchObject({
      'influxtokens_tokens{kind="DatabaseToken",reason="Issued"}': 1,
      'influxtokens_revocations_pending{kind="DatabaseToken"}': 0,
      'influxtokens_renewals_late{kind="DatabaseToken"}': 1,
    });
    expect(series).not.toHaveProperty(['influxtokens_tokens{kind="DatabaseToken",reason="Issuing"}']);
    expect(series).not.toHaveProperty(['influxtokens_earliest_fixed_end_timestamp_seconds{kind="DatabaseToken"}']);
  });

  test('a cluster has one reason at a time', async () => {
    const metrics = createMetrics('1.2.3');
    let reason = 'Connected';
    metrics.watchClusters(() => [{ cluster: 'production', reason }]);
    expect(await scrape(metrics)).toMatchObject({
      'influxtokens_cluster_reason{cluster="production",reason="Connected"}': 1,
    });
    reason = 'CredentialsRejected';
    const shown = Object.keys(await scrape(metrics)).filter((name) => name.startsWith('influxtokens_cluster_reason'));
    expect(shown).toEqual(['influxtokens_cluster_reason{cluster="production",reason="CredentialsRejected"}']);
  });

  test('a counter is there before its first event, or its increase would not be seen', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.clusterConnected('production', true);
    expect(await scrape(metrics)).toMatchObject({
      'influxtokens_tokens_abandoned_total{kind="ManagementToken"}': 0,
      'influxtokens_orphans_found_total{cluster="production",kind="ManagementToken"}': 0,
    });
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
    metrics.inventoryHeld('old', 'ManagementToken', false);
    metrics.orphansFound('old', 'DatabaseToken', 1);
    metrics.inventoryTaken('old', 'ManagementToken', { begun: 0, finished: 1, live: 1 });
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

  test('the page is the catalogue, in its order and words', async () => {
    const { body } = await createMetrics('1.2.3').page({});
    const shown = Array.from(body.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm), ([, ...words]) => words);
    const told = Object.entries(METRICS).map(([name, { help, type }]) => [`influxtokens_${name}`, help, type]);
    expect(shown).toEqual(told);
  });

  test.each(Object.entries<MetricEntry>(METRICS))(
    '%s follows the conventions: a base unit, _total for counters only, and a help',
    (name, { type, help, buckets }) => {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name).not.toMatch(/milliseconds|minutes/);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(buckets !== undefined).toBe(type === 'histogram');
    },
  );
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
