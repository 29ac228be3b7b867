// Writes the files that are made from sources: `npm run generate`. With `--check` it writes nothing, and fails when one is stale.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { generatedFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const stale: string[] = [];
for (const { path, content } of generatedFiles()) {
  const target = join(root, path);
  if ((await readFile(target, 'utf8').catch(() => undefined)) === content) continue;
  stale.push(relative(process.cwd(), target));
  if (values.check) continue;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
}

if (values.check && stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}; run: npm run generate`);
  process.exitCode = 1;
} else if (stale.length > 0) {
  console.log(`written: ${stale.join(', ')}`);
}
