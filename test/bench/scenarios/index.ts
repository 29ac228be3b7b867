// The scenarios, in the order in which they run. A new one is a new file here and a line in this list.

import type { Scenario } from '../scenario.ts';
import { backlogs } from './backlog.ts';
import { changes } from './changes.ts';
import { idleLatency } from './idle-latency.ts';
import { standing } from './standing.ts';

export const scenarios: readonly Scenario[] = [idleLatency, ...backlogs, ...changes, standing];
