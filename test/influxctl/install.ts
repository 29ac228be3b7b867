// Puts the stand-in where the operator can run it.

import { join } from 'node:path';

import { writeCommand } from './script.ts';
import type { StandInOptions } from './stand-in.ts';

/** Writes the command into a directory and answers its path. */
export function installStandIn(directory: string, options: StandInOptions = {}): Promise<string> {
  const module = join(import.meta.dirname, 'stand-in.ts');
  return writeCommand(
    directory,
    `const { main } = await import(${JSON.stringify(module)});\nawait main(${JSON.stringify(options)});`,
  );
}
