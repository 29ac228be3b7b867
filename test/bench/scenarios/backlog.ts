// Many tokens that are there already when the operator starts, in several circumstances.

import type { CPUMeter } from '../cpu.ts';
import { memoryOf } from '../memory.ts';
import type { OperatorProcess } from '../operator-process.ts';
import { requestsPerToken } from '../requests-per-token.ts';
import type { Figures, Metric, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** As many as the operator has by default; more make the raw loop no faster. */
const WORKERS = 16;

/** What is told of every backlog; the goals are of the plain one, unless others are given. */
function metrics(rate: Metric['goal']): readonly Metric[] {
  return [
    { key: 'rate', name: 'tokens a second', unit: '/s', ...(rate === undefined ? {} : { goal: rate }) },
    { key: 'cpu', name: 'CPU for each token', unit: 'ms', goal: { of: 'operator', is: 'atMost', value: 2.5 } },
    { key: 'apiServerCPU', name: 'CPU of the API server for each token', unit: 'ms' },
    { key: 'requests', name: 'requests to the API server for each token', unit: '' },
    { key: 'peak', name: 'memory at its highest', unit: 'MiB' },
    {
      key: 'loopDelay',
      name: 'delay of the event loop, 99th percentile',
      unit: 'ms',
      goal: { of: 'operator', is: 'atMost', value: 50 },
    },
  ];
}

const RATE = { of: 'ratio', is: 'atLeast', value: 0.9, later: 0.95 } as const;

const plain: Scenario = {
  name: 'backlog',
  shows: 'how fast, and with how much CPU, tokens are issued whose objects are there when the operator starts',
  tokens: 1000,
  metrics: metrics(RATE),
  run: (stage) => (stage.side === 'raw' ? runRaw(stage) : runOperator(stage)),
};

export const backlogs: readonly Scenario[] = [
  plain,
  {
    ...plain,
    name: 'backlog-policy',
    shows: 'the same where the API server puts the finalizer on; the raw loop still makes all five requests',
    setting: { finalizerPolicy: true },
    metrics: metrics({ of: 'ratio', is: 'atLeast', value: 1.4 }),
  },
  { ...plain, name: 'backlog-10000', shows: 'the same with ten times as many', tokens: 10_000, mostRounds: 2 },
  {
    ...plain,
    name: 'slow-20',
    shows: 'the same where the Management API takes 20 ms for each answer',
    setting: { simulator: ['--latency', '20'] },
    metrics: metrics(undefined),
  },
  {
    ...plain,
    name: 'slow-200',
    shows: 'the same where the Management API takes 200 ms for each answer',
    setting: { simulator: ['--latency', '200'] },
    metrics: metrics(undefined),
    mostRounds: 3,
  },
  {
    ...plain,
    name: 'old-tokens',
    shows: 'the operator where the list of tokens has 200,000 others in it',
    alone: true,
    mostRounds: 1,
    setting: { simulator: ['--old-tokens', '200000'] },
    metrics: metrics(undefined),
  },
  {
    ...plain,
    name: 'foreign-secrets',
    shows: 'the operator where there are 50,000 Secrets of others',
    alone: true,
    mostRounds: 1,
    metrics: metrics(undefined),
    run: async (stage) => {
      await stage.createForeignSecrets(50_000);
      return runOperator(stage);
    },
  },
];

async function runRaw(stage: Stage): Promise<Figures> {
  await stage.createTokens();
  const raw = await stage.startRaw(WORKERS);
  const meter = await stage.meter(raw.pid);
  await raw.order({ do: 'issueAll' });
  return figures(stage, meter, 0);
}

async function runOperator(stage: Stage): Promise<Figures> {
  const idle = await stage.idleOperatorCPU();
  await stage.createTokens();
  const operator = await stage.startOperator();
  const measured = await figures(stage, await stage.meter(operator.pid), idle);
  return { ...measured, ...(await ofProcess(operator)) };
}

/** What only the operator tells of itself. */
async function ofProcess(operator: OperatorProcess): Promise<Figures> {
  const { peak } = await memoryOf(operator.pid);
  return { peak, loopDelay: await operator.loopDelay() };
}

/** Speed from the first mint to the last write of a status, by the servers' own records of what they were asked. */
async function figures(stage: Stage, meter: CPUMeter, startup: number): Promise<Figures> {
  await stage.settled();
  const { subject, apiServer, strangers } = await meter.read();
  const influxDB = await stage.simulator.requests();
  const mints = influxDB.filter(({ method }) => method === 'POST');
  const first = Math.min(...mints.map(({ at }) => at));
  const writes = await stage.audit.statusWrites();
  const last = Math.max(...writes.map(({ stageTimestamp }) => Date.parse(stageTimestamp)));
  const requests = await stage.requests();
  return {
    rate: (stage.tokens * 1000) / (last - first),
    cpu: (subject - startup) / stage.tokens,
    apiServerCPU: apiServer / stage.tokens,
    requests: requests.length / stage.tokens,
    ...requestsPerToken(requests, influxDB, stage.tokens),
    strangers,
  };
}
