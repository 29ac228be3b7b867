// One token at a time, while nothing else happens.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';

/** Samples before those that count: the first requests of a process are several times slower than the later ones. */
const WARM_UP = 10;
/** After everything about a token is written: what follows it in the control plane must not run into the next sample. */
const PAUSE = 50;
const TIMEOUT = 30_000;

export const idleLatency: Scenario = {
  name: 'idle-latency',
  shows: 'how long it takes from applying a DatabaseToken until its Secret exists, one at a time',
  tokens: 50,
  metrics: [
    { key: 'p50', name: 'median', unit: 'ms', goal: { of: 'ratio', is: 'atMost', value: 1.5, later: 1.2 } },
    { key: 'p95', name: '95th percentile', unit: 'ms' },
    { key: 'p99', name: '99th percentile', unit: 'ms' },
  ],
  async run(stage) {
    const watch = await stage.watchSecrets();
    const client = await stage.startRaw(1);
    let subject = client.pid;
    if (stage.side === 'operator') {
      const operator = await stage.startOperator();
      await operator.ready();
      subject = operator.pid;
    }
    const sample = async (index: number): Promise<number> => {
      const name = `token-${index}`;
      const begun = await client.order({ do: stage.side === 'operator' ? 'apply' : 'applyAndIssue', name });
      const latency = (await watch.appeared(name, TIMEOUT)) - begun;
      await stage.audit.statusesWritten(index + 1, TIMEOUT);
      await sleep(PAUSE);
      return latency;
    };
    for (let index = 0; index < WARM_UP; index++) await sample(index);
    const meter = await stage.meter(subject);
    const latencies: number[] = [];
    for (let index = 0; index < stage.tokens; index++) latencies.push(await sample(WARM_UP + index));
    const { strangers } = await meter.read();
    return { p50: median(latencies), p95: quantile(latencies, 0.95), p99: quantile(latencies, 0.99), strangers };
  },
};
