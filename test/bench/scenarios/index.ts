// The scenarios, in the order in which they run. A new one is a new file here and a line in this list.

import type { Scenario } from '../scenario.ts';
import { backlog } from './backlog.ts';
import { idleLatency } from './idle-latency.ts';

export const scenarios: readonly Scenario[] = [idleLatency, backlog];
