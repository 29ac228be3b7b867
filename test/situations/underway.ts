// Situations of a DatabaseToken that is being worked on, held up so that they can be looked at.

import { FINALIZER } from '../../src/resources/group.ts';
import { forbid } from '../operator/policies.ts';
import { SUBJECT, type Situation } from './situation.ts';

const HOUR = 3_600_000;

type Part = Pick<Situation, 'name' | 'ready' | 'lead'>;

const PARTS: readonly Part[] = [
  {
    name: 'issuing',
    ready: ['False', 'Issuing'],
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Issued');
      // The Secret is on its way out, and somebody still holds it: no other can be made before it is gone.
      await scene.changeSecret(SUBJECT, { metadata: { finalizers: ['example.com/held-for-the-test'] } });
      await scene.deleteSecret(SUBJECT);
      for (const { id } of scene.liveTokens()) scene.simulator.revokeToken(id);
      await scene.waitForReason(SUBJECT, 'Issuing');
    },
  },
  {
    name: 'updating',
    ready: ['False', 'Updating'],
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Issued');
      scene.simulator.configure({ activationDelay: HOUR });
      await scene.change(SUBJECT, { spec: { expiresAt: '2040-01-01T00:00:00Z' } });
      await scene.waitForReason(SUBJECT, 'Updating');
    },
  },
  {
    name: 'internal-error',
    ready: ['False', 'InternalError'],
    lead: async (scene) => {
      await scene.apply(SUBJECT, { suspend: true });
      await scene.waitForReason(SUBJECT, 'Suspended');
      const unless = `!('${FINALIZER}' in object.metadata.?finalizers.orValue([]))`;
      await forbid(scene, 'UPDATE', 'databasetokens', 'no finalizers here', unless);
      await scene.change(SUBJECT, { spec: { suspend: false } });
      await scene.waitForReason(SUBJECT, 'InternalError');
    },
  },
];

/** All of them. */
export const underwaySituations: readonly Situation[] = PARTS.map((part) => ({
  kind: 'DatabaseToken',
  health: 'Progressing',
  kstatus: 'InProgress',
  ...part,
}));
