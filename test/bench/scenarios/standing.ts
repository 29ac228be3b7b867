// Ten thousand tokens that stand: what they cost at rest, and what a restart costs.

import { setTimeout as sleep } from 'node:timers/promises';
import { processCPU } from '../cpu.ts';
import { memoryOf } from '../memory.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const MINUTE = 60_000;
/** So long without a request is rest. */
const QUIET = 10_000;

export const standing: Scenario = {
  name: 'standing',
  shows: 'what tokens that stand cost in a minute at rest, and at a restart of the operator',
  tokens: 10_000,
  alone: true,
  mostRounds: 1,
  metrics: [
    { key: 'memory', name: 'memory at rest', unit: 'MiB', goal: { of: 'operator', is: 'atMost', value: 130 } },
    { key: 'requests', name: 'requests in a minute', unit: '', goal: { of: 'operator', is: 'atMost', value: 0 } },
    { key: 'cpu', name: 'CPU at rest', unit: '%', goal: { of: 'operator', is: 'atMost', value: 0.1 } },
    { key: 'ready', name: 'restart: start to ready', unit: 'ms', goal: { of: 'operator', is: 'atMost', value: 2_000 } },
    { key: 'writes', name: 'restart: writes', unit: '', goal: { of: 'operator', is: 'atMost', value: 0 } },
    { key: 'reads', name: 'restart: requests of other kinds in the namespace', unit: '' },
    { key: 'lists', name: 'restart: lists of all tokens', unit: '', goal: { of: 'operator', is: 'atMost', value: 1 } },
    {
      key: 'loopDelay',
      name: 'restart: delay of the event loop, 99th percentile',
      unit: 'ms',
      goal: { of: 'operator', is: 'atMost', value: 50 },
    },
  ],
  async run(stage) {
    await stage.createTokens();
    const first = await stage.startOperator();
    const meter = await stage.meter(first.pid);
    await stage.settled();
    await stage.quiet(QUIET);

    const before = await asked(stage);
    const used = await processCPU(first.pid);
    await sleep(MINUTE);
    const cpu = ((await processCPU(first.pid)) - used) / (MINUTE / 100);
    const { now: memory } = await memoryOf(first.pid);
    const atRest = await asked(stage);
    const { strangers } = await meter.read();
    await stage.stopOperator();

    const second = await stage.startOperator();
    const ready = await second.timeToReady();
    await stage.quiet(QUIET);
    const after = await asked(stage);
    return {
      memory,
      cpu,
      requests: atRest.all - before.all,
      ready,
      writes: after.writes - atRest.writes,
      reads: after.reads - atRest.reads,
      lists: after.lists - atRest.lists,
      loopDelay: await second.loopDelay(),
      strangers,
    };
  },
};

async function asked(stage: Stage): Promise<Record<'all' | 'writes' | 'reads' | 'lists', number>> {
  const kubernetes = (await stage.requests()).filter(({ verb }) => verb !== 'watch');
  const influxDB = await stage.simulator.requests();
  const reads = kubernetes.filter(({ verb }) => verb === 'get' || verb === 'list').length;
  const lists = influxDB.filter(({ method, path }) => method === 'GET' && path.endsWith('/tokens')).length;
  return { all: kubernetes.length + influxDB.length, writes: kubernetes.length - reads, reads, lists };
}
