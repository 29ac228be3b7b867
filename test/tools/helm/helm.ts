// Where the tests' helm comes from: a build of our own from Helm's sources.

import { join } from 'node:path';
import { buildGoTool } from '../../go-tool.ts';

/** The path of helm, built the first time, which takes minutes, and then kept in the user's cache; `report` hears of it. */
export async function helmCommand(report: (line: string) => void = (line) => console.error(line)): Promise<string> {
  const folder = await buildGoTool(
    {
      name: 'helm',
      directory: import.meta.dirname,
      sources: ['main.go', 'go.mod', 'go.sum'],
      commands: ['helm'],
      cost: 'about 3 minutes on 2 cores, a download of 200 MB',
    },
    report,
  );
  return join(folder, 'helm');
}
