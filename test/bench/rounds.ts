// Measures both sides in turn, as often as is wanted.

import type { Round } from './report.ts';
import type { Figures, Scenario, Side } from './scenario.ts';
import { Stage, type Theatre } from './stage.ts';

/** How to measure. */
export interface Plan {
  readonly rounds: number;
  readonly tokens: number;
  /** When to begin no further round; milliseconds since the Unix epoch. */
  readonly until: number;
  /** Both sides are the raw loop. */
  readonly noise: boolean;
  readonly report: (line: string) => void;
}

/**
 * One side right after the other, so that a machine that grows busy slows both; who is first changes from round to round. Before
 * the first round that counts there is one of the raw loop that does not: a new API server is slower than one that has worked.
 */
export async function measure(theatre: Theatre, scenario: Scenario, plan: Plan): Promise<Round[]> {
  const { tokens, noise, until, report } = plan;
  if (Date.now() > until) {
    report(`${scenario.name}: left out, time is up`);
    return [];
  }
  const run = async (side: Side): Promise<Figures> => {
    const stage = await Stage.open(theatre, side, tokens, scenario.setting);
    try {
      return await scenario.run(stage);
    } catch (error) {
      throw new Error(await stage.explain(), { cause: error });
    } finally {
      await stage.close();
    }
  };
  if (scenario.alone !== true) {
    report(`${scenario.name}: warming up`);
    await run('raw');
  }
  const rounds: Round[] = [];
  const count = Math.min(plan.rounds, scenario.mostRounds ?? plan.rounds);
  for (let number = 1; number <= count && (number === 1 || Date.now() <= until); number++) {
    const sides = sidesOf(scenario, number);
    const figures: Partial<Record<Side, Figures>> = {};
    for (const side of sides) {
      const measured = await run(noise ? 'raw' : side);
      report(`${scenario.name}: round ${number} of ${count}, ${side}: ${line(scenario, measured)}`);
      figures[side] = measured;
    }
    const { raw, operator } = figures;
    if (operator) rounds.push({ operator, ...(raw ? { raw } : {}) });
  }
  return rounds;
}

function sidesOf({ alone }: Scenario, round: number): readonly Side[] {
  if (alone === true) return ['operator'];
  return round % 2 === 1 ? ['raw', 'operator'] : ['operator', 'raw'];
}

function line({ metrics }: Scenario, figures: Figures): string {
  return metrics
    .filter(({ key }) => figures[key] !== undefined)
    .map(({ key, name, unit }) => `${name} ${figures[key]?.toFixed(2)} ${unit}`.trimEnd())
    .join(', ');
}
