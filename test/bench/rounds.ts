// Measures both sides in turn, as often as is wanted.

import type { Round } from './report.ts';
import type { Figures, Scenario, Side } from './scenario.ts';
import { Stage, type Theatre } from './stage.ts';

/** How to measure. */
export interface Plan {
  readonly rounds: number;
  readonly tokens: number;
  /** Both sides are the raw loop. */
  readonly noise: boolean;
  readonly report: (line: string) => void;
}

/**
 * One side right after the other, so that a machine that grows busy slows both; who is first changes from round to round. Before
 * the first round that counts there is one of the raw loop that does not: a new API server is slower than one that has worked.
 */
export async function measure(theatre: Theatre, scenario: Scenario, plan: Plan): Promise<Round[]> {
  const { tokens, noise, report } = plan;
  const run = async (side: Side): Promise<Figures> => {
    const stage = await Stage.open(theatre, side, tokens);
    try {
      return await scenario.run(stage);
    } catch (error) {
      throw new Error(await stage.explain(), { cause: error });
    } finally {
      await stage.close();
    }
  };
  report(`${scenario.name}: warming up`);
  await run('raw');
  const rounds: Round[] = [];
  for (let number = 1; number <= plan.rounds; number++) {
    const sides: Side[] = number % 2 === 1 ? ['raw', 'operator'] : ['operator', 'raw'];
    const figures: Partial<Record<Side, Figures>> = {};
    for (const side of sides) {
      const measured = await run(noise ? 'raw' : side);
      report(`${scenario.name}: round ${number} of ${plan.rounds}, ${side}: ${line(scenario, measured)}`);
      figures[side] = measured;
    }
    const { raw, operator } = figures;
    if (raw && operator) rounds.push({ raw, operator });
  }
  return rounds;
}

function line({ metrics }: Scenario, figures: Figures): string {
  return metrics.map(({ key, name, unit }) => `${name} ${figures[key]?.toFixed(2)} ${unit}`.trimEnd()).join(', ');
}
