// Puts results into a page of the documentation.

import { markdown, type ScenarioReport } from './report.ts';

/** What `--json` writes. */
export interface Result {
  readonly date: string;
  readonly machine: { readonly cores: number; readonly model: string | undefined; readonly node: string };
  readonly scenarios: readonly ScenarioReport[];
}

const MARKS = /(<!-- results -->\n).*?(<!-- end of results -->)/s;

/** The page with these results between its marks; throws an `Error` for people when it has none. */
export function withResults(page: string, results: readonly Result[]): string {
  if (!MARKS.test(page)) throw new Error('the page has no lines <!-- results --> and <!-- end of results -->');
  const text = results.map(section).join('\n');
  return page.replace(MARKS, (_, begin: string, end: string) => `${begin}\n${text}\n${end}`);
}

function section({ date, machine, scenarios }: Result): string {
  const when = `On ${date.slice(0, 10)}, ${machine.cores} cores (${machine.model}), Node ${machine.node}.`;
  return [`${when} Median (least to most) of the rounds.`, '', ...scenarios.map(markdown)].join('\n');
}
