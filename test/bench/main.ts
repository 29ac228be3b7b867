// The benchmark: the operator against a raw loop, in the same run, on the same control plane. See HELP for the flags.

import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { HELP, readOptions, type Options } from './options.ts';
import { goalsMet, summarize, table, type ScenarioReport } from './report.ts';
import { withResults, type Result } from './page.ts';
import { measure } from './rounds.ts';
import { openTheatre } from './theatre.ts';

const options = parse();
if (options === undefined) {
  console.log(HELP);
} else {
  const results = options.from.length > 0 ? await read(options.from) : [await measureAll(options)];
  if (options.json !== undefined && options.from.length === 0) {
    await writeFile(options.json, `${JSON.stringify(results[0], undefined, 2)}\n`);
  }
  for (const { date, machine, scenarios } of results) {
    console.log(`\n${machine.cores} cores (${machine.model}), Node ${machine.node}, ${date}\n`);
    for (const report of scenarios) console.log(table(report));
  }
  if (options.write !== undefined) {
    await writeFile(options.write, withResults(await readFile(options.write, 'utf8'), results));
  }
  if (options.check && !goalsMet(results.flatMap(({ scenarios }) => scenarios))) process.exitCode = 1;
}

function parse(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(2);
  }
}

function read(files: readonly string[]): Promise<Result[]> {
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
}

async function measureAll(wanted: Options): Promise<Result & { readonly noise: boolean }> {
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version, loadAverage: loadavg() };
  const scenarios = await run(wanted);
  return { date: new Date().toISOString(), machine, noise: wanted.noise, scenarios };
}

async function run(wanted: Options): Promise<ScenarioReport[]> {
  const { scenarios, rounds, tokens, noise, minutes } = wanted;
  const until = Date.now() + minutes * 60_000;
  const theatre = await openTheatre(wanted);
  try {
    const reports: ScenarioReport[] = [];
    for (const scenario of scenarios) {
      const plan = { rounds, tokens: tokens ?? scenario.tokens, noise, until, report: progress };
      const measured = await measure(theatre, scenario, plan);
      if (measured.length > 0) reports.push(summarize(scenario, plan.tokens, measured));
    }
    return reports;
  } finally {
    await theatre.close();
  }
}

function progress(line: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}
