// The README as data: what it shows has to be true.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder that the links of the README start from. */
export const ROOT = join(import.meta.dirname, '../..');

/** The whole text. */
export const README = await readFile(join(ROOT, 'README.md'), 'utf8');

/** The contents of the code blocks of a language, in order. */
export function codeBlocks(language: string, text: string = README): string[] {
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, of]) => of === language)
    .map(([, , content = '']) => content);
}

/** The text below a heading of the second level; throws when there is none. */
export function section(title: string): string {
  const found = README.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`the README has no section "${title}"`);
  return found;
}
