// kstatus as a program: see source/main.go.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildGoTool } from '../../go-tool.ts';
import type { KStatus } from '../../situations/situation.ts';

/** What kstatus makes of an object. */
export interface Verdict {
  readonly status: KStatus;
  readonly message: string;
}

/** Builds it, the first time, and answers its path. */
export async function buildKstatus(report: (line: string) => void): Promise<string> {
  const tool = {
    name: 'kstatus',
    directory: join(import.meta.dirname, 'source'),
    sources: ['main.go', 'go.mod', 'go.sum'],
    commands: ['kstatus'],
    cost: 'about a minute on 2 cores',
  } as const;
  return join(await buildGoTool(tool, report), 'kstatus');
}

/** Asks about objects. */
export async function kstatusOf(program: string, objects: readonly object[]): Promise<readonly Verdict[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined).end(JSON.stringify(objects));
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`kstatus ended with exit code ${code}:\n${stderr}`);
  const verdicts: readonly Verdict[] = JSON.parse(stdout);
  return verdicts;
}
