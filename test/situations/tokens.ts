// Situations of a DatabaseToken.

import { forbid } from '../operator/policies.ts';
import { deleteAt, paths } from '../operator/objects.ts';
import type { Scene } from '../operator/scene.ts';
import { databaseToken, named } from '../resources/manifests.ts';
import { waitFor } from '../wait.ts';
import { SUBJECT, takeAway, type Situation, type Subject } from './situation.ts';

const HOUR = 3_600_000;

async function issued(scene: Scene, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await scene.apply(SUBJECT, spec);
  await scene.waitForReason(SUBJECT, 'Issued');
}

const hindered = (scene: Scene, reason: string): Promise<unknown> =>
  scene.waitForCondition(SUBJECT, { type: 'Synced', status: 'False', reason });

/** What the API server makes of a manifest before the operator has seen it. */
function created(scene: Scene, manifest: object): Promise<Subject> {
  const path = paths.tokens(scene.namespace);
  return scene.stage.kubernetes.request({ method: 'POST', path, query: { dryRun: 'All' }, body: manifest });
}

type Expected = Pick<Situation, 'health' | 'kstatus'>;
const GOOD: Expected = { health: 'Healthy', kstatus: 'Current' };
const UNDERWAY: Expected = { health: 'Progressing', kstatus: 'InProgress' };
const STALLED: Expected = { health: 'Degraded', kstatus: 'Failed' };
const GOING: Expected = { health: 'Progressing', kstatus: 'Terminating' };

type Part = Omit<Situation, 'kind'>;

const NEW: readonly Part[] = [
  {
    name: 'unseen',
    ...UNDERWAY,
    lead: (scene) =>
      created(scene, named(databaseToken({ clusterRef: { name: scene.cluster } }), SUBJECT, scene.namespace)),
  },
  {
    name: 'activating',
    ready: ['False', 'Activating'],
    ...UNDERWAY,
    scene: { simulator: { activationDelay: HOUR } },
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Activating');
    },
  },
  { name: 'issued', ready: ['True', 'Issued'], ...GOOD, lead: (scene) => issued(scene) },
  {
    name: 'issued-for-a-lifetime',
    ready: ['True', 'Issued'],
    ...GOOD,
    lead: (scene) => issued(scene, { lifetime: '720h' }),
  },
  {
    name: 'rotating',
    ready: ['True', 'Rotating'],
    ...GOOD,
    lead: async (scene) => {
      await issued(scene);
      scene.simulator.configure({ activationDelay: HOUR });
      await scene.annotate(SUBJECT, { 'influxtokens.dev/rotate': 'monday' });
      await scene.waitForReason(SUBJECT, 'Rotating');
    },
  },
];

const A_PERSON_MUST_ACT: readonly Part[] = [
  {
    name: 'invalid-spec',
    ready: ['False', 'InvalidSpec'],
    ...STALLED,
    lead: async (scene) => {
      await scene.apply(SUBJECT, { lifetime: '30m' });
      await scene.waitForReason(SUBJECT, 'InvalidSpec');
    },
  },
  {
    name: 'invalid-cluster',
    ready: ['False', 'InvalidSpec'],
    ...STALLED,
    scene: { cluster: { tls: { caBundle: Buffer.from('no certificate').toString('base64') } } },
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'InvalidSpec');
    },
  },
  {
    name: 'cluster-not-found',
    ready: ['False', 'ClusterNotFound'],
    ...STALLED,
    scene: { without: ['cluster'] },
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'ClusterNotFound');
    },
  },
  {
    name: 'cluster-mismatch',
    ready: ['False', 'ClusterMismatch'],
    ...STALLED,
    lead: async (scene) => {
      await issued(scene);
      for (const { id } of scene.simulator.tokens()) scene.simulator.forgetToken(id);
      await scene.waitForCluster('ClusterMismatch');
      await scene.waitForReason(SUBJECT, 'ClusterMismatch');
    },
  },
  {
    name: 'access-denied',
    ready: ['False', 'AccessDenied'],
    ...STALLED,
    lead: async (scene) => {
      await scene.apply(SUBJECT, { permissions: [{ action: 'write', resource: 'billing' }] });
      await scene.waitForReason(SUBJECT, 'AccessDenied');
    },
  },
  {
    name: 'access-withdrawn',
    ready: ['False', 'AccessDenied'],
    ...STALLED,
    lead: async (scene) => {
      await issued(scene);
      await scene.changeCluster({ spec: { access: [] } });
      await scene.waitForReason(SUBJECT, 'AccessDenied');
    },
  },
  {
    name: 'access-withdrawn-and-revoked',
    ready: ['False', 'AccessDenied'],
    ...STALLED,
    scene: { cluster: { accessWithdrawal: 'Revoke' } },
    lead: async (scene) => {
      await issued(scene);
      await scene.changeCluster({ spec: { access: [] } });
      await waitFor(() => scene.liveTokens().length === 0, { what: 'the revocation' });
      await waitFor(async () => (await scene.token(SUBJECT)).status?.token === undefined, { what: 'its showing' });
    },
  },
  {
    name: 'secret-conflict',
    ready: ['False', 'SecretConflict'],
    ...STALLED,
    lead: async (scene) => {
      const metadata = { name: SUBJECT, namespace: scene.namespace };
      await scene.applyOther({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token: 'theirs' } });
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'SecretConflict');
    },
  },
  {
    name: 'not-applied',
    ready: ['False', 'NotApplied'],
    ...STALLED,
    lead: async (scene) => {
      await issued(scene);
      const description = scene.liveTokens()[0]?.description;
      scene.simulator.inject({ kind: 'alter', fields: { description }, path: '/tokens' });
      await scene.change(SUBJECT, { spec: { description: 'Changed' } });
      await scene.waitForReason(SUBJECT, 'NotApplied');
    },
  },
  {
    name: 'expired',
    ready: ['False', 'Expired'],
    ...STALLED,
    lead: async (scene) => {
      await scene.apply(SUBJECT, { expiresAt: '2020-01-01T00:00:00Z' });
      await scene.waitForReason(SUBJECT, 'Expired');
    },
  },
];

const TRIED_AGAIN: readonly Part[] = [
  {
    name: 'credentials-missing',
    ready: ['False', 'CredentialsMissing'],
    ...UNDERWAY,
    scene: { without: ['credential'] },
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'CredentialsMissing');
    },
  },
  {
    name: 'credentials-missing-while-it-works',
    ready: ['True', 'Issued'],
    ...GOOD,
    lead: async (scene) => {
      await issued(scene);
      await scene.deleteCredential();
      await hindered(scene, 'CredentialsMissing');
    },
  },
  {
    name: 'credentials-rejected',
    ready: ['False', 'CredentialsRejected'],
    ...UNDERWAY,
    lead: async (scene) => {
      await scene.createCredential({ token: 'wrong' });
      await scene.waitForCluster('CredentialsRejected');
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'CredentialsRejected');
    },
  },
  {
    name: 'cluster-unreachable',
    ready: ['False', 'ClusterUnreachable'],
    ...UNDERWAY,
    lead: async (scene) => {
      await takeAway(scene);
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'ClusterUnreachable');
    },
  },
  {
    name: 'cluster-unreachable-while-it-works',
    ready: ['True', 'Issued'],
    ...GOOD,
    lead: async (scene) => {
      await issued(scene);
      await takeAway(scene);
      await hindered(scene, 'ClusterUnreachable');
    },
  },
  {
    name: 'cluster-unreachable-for-a-changed-spec',
    ready: ['False', 'ClusterUnreachable'],
    ...UNDERWAY,
    lead: async (scene) => {
      await issued(scene);
      await takeAway(scene);
      await scene.change(SUBJECT, { spec: { description: 'Changed' } });
      await scene.waitForReason(SUBJECT, 'ClusterUnreachable');
    },
  },
  {
    name: 'rate-limited',
    ready: ['False', 'RateLimited'],
    ...UNDERWAY,
    lead: async (scene) => {
      await issued(scene);
      const limited = async (): Promise<boolean> => {
        const conditions = (await scene.token(SUBJECT)).status?.conditions ?? [];
        if (conditions.some(({ reason }) => reason === 'RateLimited')) return true;
        await scene.deleteSecret(SUBJECT).catch(() => undefined);
        return false;
      };
      await waitFor(limited, { what: 'an end of the minting', timeout: 60_000 });
    },
  },
  {
    name: 'secret-rejected',
    ready: ['False', 'SecretRejected'],
    ...UNDERWAY,
    lead: async (scene) => {
      await forbid(scene, 'CREATE', 'secrets', 'no Secrets here, ask the platform team');
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'SecretRejected');
    },
  },
  {
    name: 'namespace-terminating',
    ready: ['False', 'NamespaceTerminating'],
    ...UNDERWAY,
    lead: async (scene) => {
      await issued(scene);
      // The namespace controller can delete the Secret, but not the object that asks for it.
      await forbid(scene, 'DELETE', 'databasetokens', 'held for the test');
      await deleteAt(scene.stage.kubernetes, paths.namespace(scene.namespace));
      await scene.waitForReason(SUBJECT, 'NamespaceTerminating');
    },
  },
];

const ON_HOLD: readonly Part[] = [
  {
    name: 'suspended-from-the-start',
    ready: ['False', 'Suspended'],
    health: 'Suspended',
    kstatus: 'InProgress',
    lead: async (scene) => {
      await scene.apply(SUBJECT, { suspend: true });
      await scene.waitForReason(SUBJECT, 'Suspended');
    },
  },
  {
    name: 'suspended-while-it-works',
    ready: ['True', 'Suspended'],
    health: 'Suspended',
    kstatus: 'Current',
    lead: async (scene) => {
      await issued(scene);
      await scene.change(SUBJECT, { spec: { suspend: true } });
      await scene.waitForReason(SUBJECT, 'Suspended');
    },
  },
  {
    name: 'cluster-suspended',
    ready: ['True', 'Suspended'],
    health: 'Suspended',
    kstatus: 'Current',
    lead: async (scene) => {
      await issued(scene);
      await scene.changeCluster({ spec: { suspend: true } });
      await scene.waitForReason(SUBJECT, 'Suspended');
    },
  },
  {
    name: 'cluster-resumed-while-it-is-away',
    ready: ['True', 'Issued'],
    ...GOOD,
    lead: async (scene) => {
      await issued(scene);
      await scene.changeCluster({ spec: { suspend: true } });
      await scene.waitForReason(SUBJECT, 'Suspended');
      await scene.simulator.down();
      await scene.changeCluster({ spec: { suspend: null } });
      await hindered(scene, 'ClusterUnreachable');
    },
  },
];

const GOING_AWAY: readonly Part[] = [
  {
    name: 'revoking',
    ready: ['False', 'Revoking'],
    ...GOING,
    lead: async (scene) => {
      await issued(scene);
      await takeAway(scene);
      await scene.delete(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Revoking');
    },
  },
  {
    name: 'deleted-while-suspended',
    ready: ['True', 'Suspended'],
    health: 'Suspended',
    kstatus: 'Terminating',
    lead: async (scene) => {
      await issued(scene);
      await scene.change(SUBJECT, { spec: { suspend: true } });
      await scene.waitForReason(SUBJECT, 'Suspended');
      await scene.delete(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Suspended');
    },
  },
];

/** All of them. */
export const tokenSituations: readonly Situation[] = [
  ...NEW,
  ...A_PERSON_MUST_ACT,
  ...TRIED_AGAIN,
  ...ON_HOLD,
  ...GOING_AWAY,
].map((part) => ({ kind: 'DatabaseToken', ...part }));
