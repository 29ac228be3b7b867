// Loaded into an operator before it starts: each SIGUSR2 has it print how long its event loop was blocked at most since the last. The gauge
// that it shows by itself forgets all that happens within a tenth of a second of a look, and whoever waits looks more often.

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds from one look of its own to the next. */
const PAUSE = 10;

const delays = monitorEventLoopDelay({ resolution: PAUSE });
delays.enable();
process.on('SIGUSR2', () => {
  console.log(`longest block: ${delays.max / 1e6 - PAUSE} ms`);
  delays.reset();
});
