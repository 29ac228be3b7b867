// Situations that arise only after minutes: the operator's clock is put forward.

import type { Reason } from '../../src/resources/reasons.ts';
import type { Scene } from '../operator/scene.ts';
import type { StageOptions } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';
import { OPERATOR_FLAGS } from './flags.ts';
import { SUBJECT, type Situation } from './situation.ts';

/** The stage for them. Without an election: a Lease and a leaping clock do not go together. */
export const LATE_STAGE: StageOptions = {
  operatorFlags: [...OPERATOR_FLAGS, '--no-leader-elect'],
  environment: { NODE_OPTIONS: `--import=${new URL('leaping-clock.ts', import.meta.url).href}` },
};

/** A token that the data API was asked about at least once, and then a quarter of an hour. */
async function muchLater(scene: Scene, reason: Reason): Promise<void> {
  await scene.apply(SUBJECT);
  await scene.waitForReason(SUBJECT, 'Activating');
  const asked = (): boolean => scene.simulator.requests.some(({ path }) => path.startsWith('/query'));
  await waitFor(asked, { what: 'a probe' });
  process.kill(scene.stage.operator.pid, 'SIGUSR2');
  await scene.waitForReason(SUBJECT, reason);
}

/** All of them. */
export const lateSituations: readonly Situation[] = [
  {
    name: 'not-accepted',
    kind: 'DatabaseToken',
    ready: ['False', 'NotAccepted'],
    health: 'Progressing',
    kstatus: 'InProgress',
    late: true,
    scene: { simulator: { activationDelay: 24 * 3_600_000 } },
    lead: (scene) => muchLater(scene, 'NotAccepted'),
  },
  {
    name: 'issued-unverified',
    kind: 'DatabaseToken',
    ready: ['True', 'IssuedUnverified'],
    health: 'Healthy',
    kstatus: 'Current',
    late: true,
    lead: async (scene) => {
      scene.simulator.inject({ kind: 'status', status: 503, path: '^/query' });
      await muchLater(scene, 'IssuedUnverified');
    },
  },
];
