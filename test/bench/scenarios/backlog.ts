// Many tokens that are there already when the operator starts.

import type { CPUMeter } from '../cpu.ts';
import type { Figures, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** As many as the operator has by default; more make the raw loop no faster. */
const WORKERS = 16;

export const backlog: Scenario = {
  name: 'backlog',
  shows: 'how fast, and with how much CPU, tokens are issued whose objects are there when the operator starts',
  tokens: 1000,
  metrics: [
    { key: 'rate', name: 'tokens a second', unit: '/s', goal: { of: 'ratio', is: 'atLeast', value: 0.9, later: 0.95 } },
    { key: 'cpu', name: 'CPU for each token', unit: 'ms', goal: { of: 'operator', is: 'atMost', value: 2.5 } },
    { key: 'apiServerCPU', name: 'CPU of the API server for each token', unit: 'ms' },
    { key: 'requests', name: 'requests to the API server for each token', unit: '' },
  ],
  run: (stage) => (stage.side === 'raw' ? runRaw(stage) : runOperator(stage)),
};

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
  return figures(stage, await stage.meter(operator.pid), idle);
}

/** Speed from the first mint to the last write of a status, by the servers' own records of what they were asked. */
async function figures(stage: Stage, meter: CPUMeter, startup: number): Promise<Figures> {
  await stage.settled();
  const { subject, apiServer, strangers } = await meter.read();
  const mints = (await stage.simulator.requests()).filter(({ method }) => method === 'POST');
  const first = Math.min(...mints.map(({ at }) => at));
  const writes = await stage.audit.statusWrites();
  const last = Math.max(...writes.map(({ stageTimestamp }) => Date.parse(stageTimestamp)));
  return {
    rate: (stage.tokens * 1000) / (last - first),
    cpu: (subject - startup) / stage.tokens,
    apiServerCPU: apiServer / stage.tokens,
    requests: (await stage.requests()) / stage.tokens,
    strangers,
  };
}
