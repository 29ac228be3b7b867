import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');

test('every file that the threat model names is there', async () => {
  const page = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
  const names = new Set(Array.from(page.matchAll(/`((?:src|test|deploy)\/[^`*]+)`/g), ([, name = '']) => name));
  expect(names.size).toBeGreaterThan(30);
  const there = (name: string): Promise<boolean> =>
    access(join(ROOT, name)).then(
      () => true,
      () => false,
    );
  const missing: string[] = [];
  for (const name of names) if (!(await there(name))) missing.push(name);
  expect(missing).toEqual([]);
});

test('every row of attacks names a test', async () => {
  const page = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
  const attacks = page.slice(page.indexOf('## Attacks'), page.indexOf('## What is out of scope'));
  const rows = attacks.split('\n').filter((line) => /^\| (?!attack |-)/.test(line) && !line.startsWith('|---'));
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => !/(test|src)\/\S+\.ts|the same/.test(row.split('|')[3] ?? ''))).toEqual([]);
});
