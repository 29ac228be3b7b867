// The pages of the repository as data: what they link to and what they tell people to type has to be true.
// A few patterns rather than a parser: the pages are our own, and prettier and GitHub agree with what is used in them.

import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** A Markdown file. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const NOT_OURS = new Set(['node_modules', 'dist', '.git']);

/** All of them. */
export async function pages(folder = ROOT): Promise<Page[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry): Promise<Page[]> => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : pages(path);
    if (!entry.name.endsWith('.md')) return [];
    return [{ path: relative(ROOT, path), text: await readFile(path, 'utf8') }];
  });
  return (await Promise.all(found)).flat().sort((a, b) => a.path.localeCompare(b.path));
}

/** One of them, by its path from the root. */
export async function page(path: string): Promise<Page> {
  return { path, text: await readFile(join(ROOT, path), 'utf8') };
}

/** The contents of the code blocks of a language, in order. */
export function codeBlocks(language: string, text: string): string[] {
  return [...text.matchAll(/^( *)```(\w+)\n([^]*?)^\1```$/gm)]
    .filter(([, , of]) => of === language)
    .map(([, indent = '', , content = '']) => content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** The commands of a block of shell, each a line; what is continued on the next line is one. */
export function commands(block: string): string[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)# .*$/, '').trim())
    .filter((line) => line !== '');
}

/** The commands of kubectl that stand in a sentence and name what they are about; not those that are merely mentioned. */
export function commandsInSentences({ text }: Page): string[] {
  const code = Array.from(withoutBlocks(text).matchAll(/`(kubectl [^`\n]+)`/g), ([, command = '']) => command);
  return code.filter((command) => command.split(' ').length > 2);
}

/** The text below a heading of the second level; throws when there is none. */
export function section(title: string, text: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`there is no section "${title}"`);
  return found;
}

/** What links lead to, as it is written. */
export function links({ text }: Page): string[] {
  return Array.from(prose(text).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
}

/** The anchors of the headings, as GitHub makes them: of several with one name the later ones are numbered. */
export function anchors({ text }: Page): Set<string> {
  const made = new Set<string>();
  for (const [, heading = ''] of withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let number = 1; made.has(anchor); number += 1) anchor = `${slug}-${number}`;
    made.add(anchor);
  }
  return made;
}

/** Without what stands in code, where brackets are no links. */
function prose(text: string): string {
  return withoutBlocks(text).replaceAll(/`[^`\n]*`/g, 'code');
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^( *)```[^]*?^\1```$/gm, '');
}
