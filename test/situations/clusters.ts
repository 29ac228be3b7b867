// Situations of an InfluxDBCluster.

import { randomUUID } from 'node:crypto';
import { parseMarker, markDescription } from '../../src/tokens/marker.ts';
import { waitFor } from '../wait.ts';
import { SUBJECT, takeAway, type Situation } from './situation.ts';

type Part = Omit<Situation, 'kind'>;

const PARTS: readonly Part[] = [
  {
    name: 'connected',
    ready: ['True', 'Connected'],
    health: 'Healthy',
    kstatus: 'Current',
    lead: async (scene) => void (await scene.waitForCluster('Connected')),
  },
  {
    name: 'credentials-missing',
    ready: ['False', 'CredentialsMissing'],
    health: 'Progressing',
    kstatus: 'InProgress',
    scene: { without: ['credential'] },
    lead: async (scene) => void (await scene.waitForCluster('CredentialsMissing')),
  },
  {
    name: 'credentials-rejected',
    ready: ['False', 'CredentialsRejected'],
    health: 'Progressing',
    kstatus: 'InProgress',
    lead: async (scene) => {
      await scene.createCredential({ token: 'wrong' });
      await scene.waitForCluster('CredentialsRejected');
    },
  },
  {
    name: 'cluster-unreachable',
    ready: ['False', 'ClusterUnreachable'],
    health: 'Progressing',
    kstatus: 'InProgress',
    lead: async (scene) => {
      await takeAway(scene);
    },
  },
  {
    name: 'cluster-mismatch',
    ready: ['False', 'ClusterMismatch'],
    health: 'Degraded',
    kstatus: 'Failed',
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Issued');
      for (const { id } of scene.simulator.tokens()) scene.simulator.forgetToken(id);
      await scene.waitForCluster('ClusterMismatch');
    },
  },
  {
    name: 'invalid-spec',
    ready: ['False', 'InvalidSpec'],
    health: 'Degraded',
    kstatus: 'Failed',
    scene: { cluster: { tls: { caBundle: Buffer.from('no certificate').toString('base64') } } },
    lead: async (scene) => void (await scene.waitForCluster('InvalidSpec')),
  },
  {
    name: 'suspended',
    ready: ['True', 'Suspended'],
    health: 'Suspended',
    kstatus: 'Current',
    lead: async (scene) => {
      await scene.waitForCluster('Connected');
      await scene.changeCluster({ spec: { suspend: true } });
      await scene.waitForCluster('Suspended');
    },
  },
  {
    name: 'inventory-held',
    ready: ['True', 'Connected'],
    health: 'Healthy',
    kstatus: 'Current',
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Issued');
      const installation = parseMarker(scene.liveTokens()[0]?.description ?? '')?.installation ?? '';
      for (let index = 0; index < 10; index++) {
        const marker = { installation, uid: randomUUID(), attempt: index.toString(16).padStart(16, '0') };
        scene.simulator.createToken({ description: markDescription('of an object that is gone', marker) });
      }
      const held = async (): Promise<boolean> => {
        const conditions = (await scene.clusterObject()).status?.conditions ?? [];
        return conditions.some(({ type }) => type === 'InventoryHeld');
      };
      await waitFor(held, { what: 'the brake', timeout: 60_000 });
    },
  },
  {
    name: 'deleted-while-tokens-refer-to-it',
    ready: ['True', 'Connected'],
    health: 'Progressing',
    kstatus: 'Terminating',
    lead: async (scene) => {
      await scene.apply(SUBJECT);
      await scene.waitForReason(SUBJECT, 'Issued');
      await scene.stage.kubectl('delete', 'influxdbcluster', scene.cluster, '--wait=false');
      await scene.waitForCluster('Connected');
    },
  },
];

/** All of them. */
export const clusterSituations: readonly Situation[] = PARTS.map((part) => ({ kind: 'InfluxDBCluster', ...part }));
