// A command for tests: a script in a file of its own.

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes an executable that runs this code, by node unless told, and answers its path. The environment needs no PATH for it. */
export async function writeCommand(
  directory: string,
  code: string,
  name = 'influxctl',
  interpreter = process.execPath,
): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, `#!${interpreter}\n${code}\n`);
  await chmod(path, 0o755);
  return path;
}
