// Situations of a ManagementToken, as far as they are not those of a DatabaseToken.

import type { Reason } from '../../src/resources/reasons.ts';
import type { Scene } from '../operator/scene.ts';
import { waitFor } from '../wait.ts';
import { applyManagementToken, subjectOf, type Situation } from './situation.ts';

async function waitForReason(situation: Situation, scene: Scene, wanted: Reason): Promise<void> {
  const stands = async (): Promise<boolean> => {
    const { metadata, status } = await subjectOf(situation, scene);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.reason === wanted && status?.observedGeneration === metadata.generation;
  };
  await waitFor(stands, { what: `the ManagementToken to say ${wanted}` });
}

const allowing = (scene: Scene): Promise<void> =>
  scene.changeCluster({
    spec: { access: [{ name: 'platform', namespaces: { names: [scene.namespace] }, managementTokens: 'Allow' }] },
  });

const denied: Situation = {
  name: 'access-denied',
  kind: 'ManagementToken',
  ready: ['False', 'AccessDenied'],
  health: 'Degraded',
  kstatus: 'Failed',
  lead: async (scene) => {
    await applyManagementToken(scene);
    await waitForReason(denied, scene, 'AccessDenied');
  },
};

const withoutInfluxctl: Situation = {
  name: 'influxctl-missing',
  kind: 'ManagementToken',
  ready: ['False', 'InfluxctlMissing'],
  health: 'Progressing',
  kstatus: 'InProgress',
  lead: async (scene) => {
    await allowing(scene);
    await applyManagementToken(scene);
    await waitForReason(withoutInfluxctl, scene, 'InfluxctlMissing');
  },
};

const suspended: Situation = {
  name: 'suspended-from-the-start',
  kind: 'ManagementToken',
  ready: ['False', 'Suspended'],
  health: 'Suspended',
  kstatus: 'InProgress',
  lead: async (scene) => {
    await applyManagementToken(scene, { suspend: true });
    await waitForReason(suspended, scene, 'Suspended');
  },
};

/** All of them. */
export const managementTokenSituations: readonly Situation[] = [denied, withoutInfluxctl, suspended];
