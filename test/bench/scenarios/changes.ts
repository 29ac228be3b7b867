// What happens to tokens that stand: many are changed, and all go.

import { waitFor } from '../../wait.ts';
import { requestsPerToken } from '../requests-per-token.ts';
import type { Figures, Metric, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const TIMEOUT = 120_000;
/** One of so many is changed. */
const PART = 10;

const METRICS: readonly Metric[] = [
  { key: 'rate', name: 'tokens a second', unit: '/s' },
  { key: 'cpu', name: 'CPU for each token', unit: 'ms' },
  { key: 'apiServerCPU', name: 'CPU of the API server for each token', unit: 'ms' },
  { key: 'requests', name: 'requests to the API server for each token', unit: '' },
];

const base = { tokens: 1000, alone: true, mostRounds: 3, metrics: METRICS } as const;

export const changes: readonly Scenario[] = [
  {
    ...base,
    name: 'churn',
    shows: 'how the permissions of every tenth token are changed',
    run: (stage) =>
      afterIssue(stage, stage.tokens / PART, async () => {
        await stage.changePermissions(stage.tokens / PART);
        const writes = async (): Promise<boolean> =>
          (await stage.audit.statusWrites()).length >= stage.tokens + stage.tokens / PART;
        await waitFor(writes, { what: 'the status of every changed object', timeout: TIMEOUT });
      }),
  },
  {
    ...base,
    name: 'namespace-deletion',
    shows: 'how a namespace with all its tokens is deleted',
    run: (stage) =>
      afterIssue(stage, stage.tokens, async () => {
        await stage.deleteNamespace();
        const alive = (await stage.simulator.tokens()).filter(({ revokedAt }) => revokedAt === undefined);
        if (alive.length > 0) throw new Error(`${alive.length} tokens are left alive`);
      }),
  },
];

/** Issues all tokens, and measures what comes then. */
async function afterIssue(stage: Stage, count: number, happen: () => Promise<void>): Promise<Figures> {
  await stage.createTokens();
  const operator = await stage.startOperator();
  await stage.settled();
  await stage.quiet(2_000);
  const before = { kubernetes: (await stage.requests()).length, influxDB: (await stage.simulator.requests()).length };
  const meter = await stage.meter(operator.pid);
  const began = performance.now();
  await happen();
  const seconds = (performance.now() - began) / 1_000;
  const { subject, apiServer, strangers } = await meter.read();
  const requests = (await stage.requests()).slice(before.kubernetes);
  const influxDB = (await stage.simulator.requests()).slice(before.influxDB);
  return {
    rate: count / seconds,
    cpu: subject / count,
    apiServerCPU: apiServer / count,
    requests: requests.length / count,
    ...requestsPerToken(requests, influxDB, count),
    strangers,
  };
}
