// Puts the stand-in where the operator can run it.

import { build } from 'esbuild';

import { writeCommand } from './script.ts';
import type { StandInOptions } from './stand-in.ts';

/**
 * Writes the command into a directory and answers its path. It is made one plain script: each run is a process of its own, and reading
 * modules and stripping types is most of what a run would cost, which the operator's pace of inventories follows.
 */
export async function installStandIn(directory: string, options: StandInOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { main } from './stand-in.ts';\nvoid main(${JSON.stringify(options)});`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    write: false,
  });
  return writeCommand(directory, outputFiles.map(({ text }) => text).join(''));
}
