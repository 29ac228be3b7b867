import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CHART, generatedFiles } from '../../scripts/generated-files.ts';

const root = join(import.meta.dirname, '../..');

describe('the generated files', () => {
  test.each(generatedFiles())('$path is what npm run generate would write', async ({ path, content }) => {
    expect(await readFile(join(root, path), 'utf8')).toBe(content);
  });

  test.each(['crds', CHART])('are all there is in %s', async (folder) => {
    const names = generatedFiles().map(({ path }) => path);
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const found = files.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
    expect(names).toEqual(expect.arrayContaining(found));
  });
});
