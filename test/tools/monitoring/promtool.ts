// Prometheus' own tool for rules and pages, built once from its sources.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildGoTool } from '../../go-tool.ts';

/** What promtool said, on both streams, and how it ended. */
export interface PromtoolResult {
  readonly code: number;
  readonly output: string;
}

/** Runs promtool with a text on its standard input. */
export async function promtool(args: readonly string[], input = ''): Promise<PromtoolResult> {
  const folder = await buildGoTool(
    {
      name: 'promtool',
      directory: import.meta.dirname,
      sources: ['go.mod', 'go.sum'],
      package: 'github.com/prometheus/prometheus/cmd/promtool',
      // Service discovery is most of its weight: the libraries of every cloud.
      tags: ['remove_all_sd'],
      commands: ['promtool'],
      cost: 'about a minute on 2 cores',
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  const child = spawn(join(folder, 'promtool'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: Number(code), output: `${stdout}${stderr}` };
}
