// One way in which an object can stand: how the operator is led there, and what everybody who reads the object should then see.

import type { Kind } from '../../scripts/argocd.ts';
import type { InfluxDBCluster } from '../../src/resources/influxdb-cluster.ts';
import type { Reason } from '../../src/resources/reasons.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import type { Health } from '../argocd/customization-tests.ts';
import { paths } from '../operator/objects.ts';
import type { Scene, SceneOptions } from '../operator/scene.ts';
import { managementToken, named } from '../resources/manifests.ts';
import { waitFor } from '../wait.ts';

/** What kstatus makes of an object: Flux, and `kubectl` plugins, wait by it. */
export type KStatus = 'InProgress' | 'Current' | 'Failed' | 'Terminating';

/** See the head of this file. */
export interface Situation {
  /** Unique for its kind; also the name of the recorded file. */
  readonly name: string;
  readonly kind: Kind;
  /** The condition Ready as kubectl shows it: READY and STATUS. Absent: the operator has not looked yet. */
  readonly ready?: readonly ['True' | 'False', Reason];
  readonly health: Health['status'];
  readonly kstatus: KStatus;
  readonly scene?: SceneOptions;
  /** Takes minutes of the operator's time: it is played by one whose clock `leap` puts forward. */
  readonly late?: true;
  /** Leads there; the object of a token is called `SUBJECT`. Resolves when it stands so, or with the object as it stood. */
  readonly lead: (scene: Scene) => Promise<Subject | void>;
}

/** Any object of ours. */
export type Subject = TokenObject | InfluxDBCluster;

/** The name of the token object in every situation. */
export const SUBJECT = 'telegraf';

/** The object of a situation, as it stands now. */
export async function subjectOf({ kind }: Situation, scene: Scene): Promise<Subject> {
  if (kind === 'InfluxDBCluster') return scene.clusterObject();
  const path = kind === 'DatabaseToken' ? paths.token : paths.managementToken;
  return scene.stage.kubernetes.request({ method: 'GET', path: path(scene.namespace, SUBJECT) });
}

/** Applies a ManagementToken that refers to the cluster of the scene. */
export async function applyManagementToken(scene: Scene, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const manifest = managementToken({ clusterRef: { name: scene.cluster }, ...spec });
  await scene.applyOther(named(manifest, SUBJECT, scene.namespace));
}

/** Takes InfluxDB away, until also the operator says that nobody is there; a request that was under way is only cut. */
export async function takeAway(scene: Scene): Promise<void> {
  await scene.simulator.down();
  const refused = async (): Promise<boolean> =>
    (await scene.waitForCluster('ClusterUnreachable')).message.includes('it refuses the connection');
  await waitFor(refused, { what: 'the refusal' });
}
