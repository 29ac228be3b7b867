import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { generatedFiles } from '../../scripts/generated-files.ts';

const root = join(import.meta.dirname, '../..');

describe('the generated files', () => {
  test.each(generatedFiles())('$path is what npm run generate would write', async ({ path, content }) => {
    expect(await readFile(join(root, path), 'utf8')).toBe(content);
  });

  test('are all there is in crds/', async () => {
    const names = generatedFiles().map(({ path }) => path);
    const found = (await readdir(join(root, 'crds'))).map((name) => `crds/${name}`);
    expect(names).toEqual(expect.arrayContaining(found));
  });
});
