// The benchmark's command line.

import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

/** What was asked for. */
export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** No round begins after so many minutes. */
  readonly minutes: number;
  /** Instead of each scenario's own number. */
  readonly tokens: number | undefined;
  /** Where the results are written in JSON. */
  readonly json: string | undefined;
  /** Results of earlier runs, as `json` wrote them, instead of measuring. */
  readonly from: readonly string[];
  /** A page of the documentation whose part between two marks is replaced by the results. */
  readonly write: string | undefined;
  /** Where CPU profiles of the operator are written. */
  readonly profile: string | undefined;
  /** A missed goal is a failure. */
  readonly check: boolean;
  /** Both sides are the raw loop. */
  readonly noise: boolean;
}

export const HELP = `npm run bench -- [FLAGS]

  --scenario NAME   run only this one; repeatable: ${scenarios.map(({ name }) => name).join(', ')}
  --rounds N        how often both sides are measured (default 5)
  --minutes N       begin no round after so many minutes (default 120); what was measured until then is shown
  --tokens N        how many tokens in each round (default: as the scenario says)
  --json FILE       write the results as JSON too
  --from FILE       show what --json wrote before, and measure nothing; repeatable, so that scenarios may be measured one by one
  --write PAGE      put the results into a page, between the lines <!-- results --> and <!-- end of results -->
  --check           exit with 1 when a goal is missed
  --noise           put the raw loop on both sides: how far from 1 a ratio is by chance
  --profile DIR     write CPU profiles of the operator, which makes it slower
  --help            print this
`;

/** Reads the arguments; `undefined` when help was asked for. Throws an `Error` for people. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '5' },
      minutes: { type: 'string', default: '120' },
      tokens: { type: 'string' },
      json: { type: 'string' },
      from: { type: 'string', multiple: true },
      write: { type: 'string' },
      profile: { type: 'string' },
      check: { type: 'boolean', default: false },
      noise: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    scenarios: values.scenario?.map(scenarioCalled) ?? scenarios,
    rounds: count('rounds', values.rounds),
    minutes: count('minutes', values.minutes),
    tokens: values.tokens === undefined ? undefined : count('tokens', values.tokens),
    json: values.json,
    from: values.from ?? [],
    write: values.write,
    profile: values.profile,
    check: values.check,
    noise: values.noise,
  };
}

function scenarioCalled(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return found;
  throw new Error(`--scenario: there is none called "${name}", only ${scenarios.map(({ name }) => name).join(', ')}`);
}

function count(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${flag}: "${text}" is not a whole number from 1`);
}
