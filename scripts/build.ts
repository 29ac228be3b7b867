// Writes the operator as one file, dist/operator.cjs, which needs Node and nothing else: `npm run build`.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { bundle } from './bundle.ts';

const dist = join(import.meta.dirname, '../dist');

for (const { path, content } of await bundle()) {
  const target = join(dist, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  console.log(`written: ${relative(process.cwd(), target)} (${Math.round(content.length / 1_000)} kB)`);
}
