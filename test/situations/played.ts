// Plays all situations on one stage, several at a time.

import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';
import { clusterSituations } from './clusters.ts';
import { OPERATOR_FLAGS } from './flags.ts';
import { LATE_STAGE, lateSituations } from './late.ts';
import { managementTokenSituations } from './management-tokens.ts';
import { subjectOf, type Situation, type Subject } from './situation.ts';
import { tokenSituations } from './tokens.ts';
import { underwaySituations } from './underway.ts';

/** Every situation that there is. */
export const SITUATIONS: readonly Situation[] = [
  ...clusterSituations,
  ...tokenSituations,
  ...underwaySituations,
  ...lateSituations,
  ...managementTokenSituations,
];

/** A situation, the scene in which it was played, and the object as it then stood. */
export interface Played {
  readonly situation: Situation;
  readonly scene: Scene;
  readonly subject: Subject;
}

const AT_A_TIME = 6;

/** The stages on which all situations can be played. */
export class Stages {
  /** Where most are. */
  readonly usual: Stage;
  /** Where time leaps. */
  readonly late: Stage;

  private constructor(usual: Stage, late: Stage) {
    this.usual = usual;
    this.late = late;
  }

  static async start(): Promise<Stages> {
    return new Stages(await Stage.start({ operatorFlags: OPERATOR_FLAGS }), await Stage.start(LATE_STAGE));
  }

  async stop(): Promise<void> {
    await Promise.all([this.usual.stop(), this.late.stop()]);
  }
}

/** Plays them all; throws, once all were tried, what failed. */
export async function playAll({ usual, late }: Stages): Promise<readonly Played[]> {
  const left = [...SITUATIONS.entries()];
  const played: Played[] = [];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, situation] = next;
      try {
        played[index] = await play(situation.late === true ? late : usual, situation);
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
