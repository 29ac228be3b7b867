// Plays all situations on one stage, several at a time.

import type { Scene } from '../operator/scene.ts';
import type { Stage } from '../operator/stage.ts';
import { clusterSituations } from './clusters.ts';
import { managementTokenSituations } from './management-tokens.ts';
import { subjectOf, type Situation, type Subject } from './situation.ts';
import { tokenSituations } from './tokens.ts';

/** Every situation that there is. */
export const SITUATIONS: readonly Situation[] = [
  ...clusterSituations,
  ...tokenSituations,
  ...managementTokenSituations,
];

/** A situation, the scene in which it was played, and the object as it then stood. */
export interface Played {
  readonly situation: Situation;
  readonly scene: Scene;
  readonly subject: Subject;
}

const AT_A_TIME = 6;

/** The flags that the operator needs, so that nothing takes long. */
export const OPERATOR_FLAGS = ['--inventory-interval=2s'];

/** Plays them all; throws, once all were tried, what failed. */
export async function playAll(stage: Stage): Promise<readonly Played[]> {
  const left = [...SITUATIONS.entries()];
  const played: Played[] = [];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, situation] = next;
      try {
        played[index] = await play(stage, situation);
      } catch (error) {
        failed.push(`${situation.kind} ${situation.name}: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  if (failed.length > 0) throw new Error(failed.join('\n'));
  return played;
}

async function play(stage: Stage, situation: Situation): Promise<Played> {
  const scene = await stage.scene('seen', situation.scene);
  const subject = (await situation.lead(scene)) ?? (await subjectOf(situation, scene));
  return { situation, scene, subject };
}
