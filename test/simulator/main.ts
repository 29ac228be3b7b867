// Runs a simulator as a process of its own: prints one line of JSON when it is ready, ends on SIGTERM and when its standard input closes.

import { parseArgs } from 'node:util';
import { serveControl } from './control.ts';
import type { Ready } from './remote.ts';
import { Simulator } from './simulator.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    /** Milliseconds, as the two after it. */
    latency: { type: 'string', default: '0' },
    'activation-delay': { type: 'string', default: '0' },
    'clock-skew': { type: 'string', default: '0' },
    'old-tokens': { type: 'string', default: '0' },
    'admin-token': { type: 'string' },
    /** Repeatable; without it every database exists. */
    database: { type: 'string', multiple: true },
    /** Both make it Cloud Dedicated. */
    'account-id': { type: 'string' },
    'cluster-id': { type: 'string' },
  },
});
const { 'admin-token': adminToken, 'account-id': accountId, 'cluster-id': clusterId } = values;

const simulator = await Simulator.start({
  port: number('port'),
  latency: number('latency'),
  activationDelay: number('activation-delay'),
  clockSkew: number('clock-skew'),
  oldTokens: number('old-tokens'),
  databases: values.database ?? 'any',
  ...(adminToken !== undefined && { adminToken }),
  ...(accountId !== undefined &&
    clusterId !== undefined && { product: { kind: 'CloudDedicated', accountId, clusterId } }),
});
const control = await serveControl(simulator, number('control-port'));

const end = async (): Promise<void> => {
  process.stdin.destroy();
  control.close();
  await simulator.stop();
};
// A process that is killed closes our input: nothing is left behind by a test run that dies.
process.stdin.once('end', () => void end()).resume();
process.once('SIGTERM', () => void end());
process.once('SIGINT', () => void end());

const { url, dataURL, caBundle } = simulator;
const ready: Ready = {
  url,
  dataURL,
  caBundle,
  adminToken: simulator.adminToken,
  controlURL: control.url,
  pid: process.pid,
};
console.log(JSON.stringify(ready));

function number(flag: 'port' | 'control-port' | 'latency' | 'activation-delay' | 'clock-skew' | 'old-tokens'): number {
  const value = Number(values[flag]);
  if (!Number.isInteger(value)) throw new Error(`--${flag} must be a whole number, not "${values[flag]}"`);
  return value;
}
