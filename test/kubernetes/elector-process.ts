// A candidate in a process of its own, to be killed by its test: prints `leading` when it leads.

import { systemClock } from '../../src/controller/clock.ts';
import { Elector } from '../../src/kubernetes/elector.ts';
import { connect } from './test-client.ts';
import { TIMING } from './elector-timing.ts';

const [kubeconfig = '', namespace = ''] = process.argv.slice(2);
const { client } = await connect(kubeconfig);
const silent = (): void => undefined;
new Elector({
  client,
  namespace,
  name: 'operator',
  identity: `process-${process.pid}`,
  clock: systemClock,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  onElected: () => {
    process.stdout.write('leading\n');
  },
  onLost: () => process.exit(1),
  timing: TIMING,
}).start();
// Its timers do not keep it alive; its parent does.
process.stdin.resume().on('end', () => process.exit(0));
