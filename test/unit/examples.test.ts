import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { validateCluster, validateToken } from '../../src/resources/validate.ts';
import { isOurs } from '../resources/manifests.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const FOLDERS = [EXAMPLES, join(EXAMPLES, 'consumers')];
const files = await Promise.all(
  FOLDERS.map(async (folder) =>
    (await readdir(folder)).filter((file) => file.endsWith('.yaml')).map((file) => ({ folder, file })),
  ),
);

describe.each(files.flat())('the example $file', ({ folder, file }) => {
  test('is valid, by the minimum lifetime that the operator has by default', async () => {
    const objects = loadAll(await readFile(join(folder, file), 'utf8')).filter(isOurs);
    expect(objects).not.toEqual([]);
    for (const { kind, spec } of objects) {
      const result = kind === 'InfluxDBCluster' ? validateCluster({ spec }) : validateToken({ kind, spec }, 3_600_000);
      expect(result).toEqual({ ok: true, spec });
    }
  });

  test('is listed, and says in its first line what it is for', async () => {
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain(`| [${file}](${file}) |`);
    expect(await readFile(join(folder, file), 'utf8')).toMatch(/^# \S/);
  });
});
