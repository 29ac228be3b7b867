// The benchmark: the operator against a raw loop, in the same run, on the same control plane. See HELP for the flags.

import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { HELP, readOptions, type Options } from './options.ts';
import { goalsMet, summarize, table, type ScenarioReport } from './report.ts';
import { measure } from './rounds.ts';
import { openTheatre } from './theatre.ts';

const options = parse();
if (options === undefined) {
  console.log(HELP);
} else {
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version, loadAverage: loadavg() };
  const reports = await run(options);
  const result = { date: new Date().toISOString(), machine, noise: options.noise, scenarios: reports };
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`\n${machine.cores} cores (${machine.model}), Node ${machine.node}, ${result.date}\n`);
  for (const report of reports) console.log(table(report));
  if (options.check && !goalsMet(reports)) process.exitCode = 1;
}

function parse(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(2);
  }
}

async function run(wanted: Options): Promise<ScenarioReport[]> {
  const { scenarios, rounds, tokens, noise } = wanted;
  const theatre = await openTheatre(wanted);
  try {
    const reports: ScenarioReport[] = [];
    for (const scenario of scenarios) {
      const plan = { rounds, tokens: tokens ?? scenario.tokens, noise, report: progress };
      reports.push(summarize(scenario, plan.tokens, await measure(theatre, scenario, plan)));
    }
    return reports;
  } finally {
    await theatre.close();
  }
}

function progress(line: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}
