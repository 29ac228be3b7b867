import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { edited } from '../security/mutant.ts';
import { MUTATIONS } from '../security/mutations.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/security.md');

test('every file that the threat model names is there', async () => {
  const page = await readFile(PAGE, 'utf8');
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
  const rows = await attacks();
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter(({ tests }) => !/(test|src)\/\S+\.ts|the same/.test(tests))).toEqual([]);
});

test('for every attack a defence is taken out, to see one of the tests of its row fail', async () => {
  const rows = await attacks();
  const unproved = rows.filter(({ attack }) => !MUTATIONS.some((mutation) => attack.startsWith(mutation.attack)));
  expect(unproved.map(({ attack }) => attack)).toEqual([]);
  for (const { attack, test: named } of MUTATIONS) {
    const [row, ...others] = rows.filter((one) => one.attack.startsWith(attack));
    expect(others).toEqual([]);
    expect({ attack, tests: row?.tests }).toEqual({ attack, tests: expect.stringMatching(`${named[0]}|the same`) });
  }
});

test.each(MUTATIONS)('$attack: what is taken out, so that $without, stands in the sources once', async ({ edits }) => {
  for (const edit of edits) expect(edited(await readFile(join(ROOT, edit.file), 'utf8'), edit)).toContain(edit.to);
});

test('how many changes were tried is told as it is', async () => {
  expect(await readFile(PAGE, 'utf8')).toContain(`Each of its ${MUTATIONS.length} changes`);
});

async function attacks(): Promise<readonly { readonly attack: string; readonly tests: string }[]> {
  const page = await readFile(PAGE, 'utf8');
  const section = page.slice(page.indexOf('## Attacks'), page.indexOf('## What is out of scope'));
  const rows = section.split('\n').filter((line) => /^\| (?!attack |-)/.test(line) && !line.startsWith('|---'));
  return rows.map((row) => {
    const [, attack = '', , tests = ''] = row.split('|').map((cell) => cell.trim());
    return { attack, tests };
  });
}
