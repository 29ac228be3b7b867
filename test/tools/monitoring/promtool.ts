// Prometheus' own tool for rules and pages, and its own reading of a page, each built once from its sources.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildGoTool, type GoTool } from '../../go-tool.ts';

/** What a program said, on both streams, and how it ended. */
export interface ToolResult {
  readonly code: number;
  readonly output: string;
}

const PROMTOOL: GoTool = {
  name: 'promtool',
  directory: import.meta.dirname,
  sources: ['go.mod', 'go.sum'],
  package: 'github.com/prometheus/prometheus/cmd/promtool',
  // Service discovery is most of its weight: the libraries of every cloud.
  tags: ['remove_all_sd'],
  commands: ['promtool'],
  cost: 'about a minute on 2 cores',
};

const SCRAPE: GoTool = {
  name: 'scrape',
  directory: import.meta.dirname,
  sources: ['scrape/main.go', 'go.mod', 'go.sum'],
  package: './scrape',
  commands: ['scrape'],
  cost: 'some seconds, once promtool is built',
};

/** Runs promtool with a text on its standard input. */
export function promtool(args: readonly string[], input = ''): Promise<ToolResult> {
  return run(PROMTOOL, args, input);
}

/** Reads a page as a scrape of this content type; says how many samples it has, or what is wrong with it. */
export function scrape(contentType: string, page: string): Promise<ToolResult> {
  return run(SCRAPE, [contentType], page);
}

async function run(tool: GoTool, args: readonly string[], input: string): Promise<ToolResult> {
  const folder = await buildGoTool(tool, (line) => process.stderr.write(`${line}\n`));
  const child = spawn(join(folder, tool.commands[0]), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: Number(code), output: `${stdout}${stderr}` };
}
