// The README as data: what it shows has to be true.

import * as markdown from '../docs/markdown.ts';

/** The whole text. */
export const { text: README } = await markdown.page('README.md');

/** The contents of the code blocks of a language, in order. */
export function codeBlocks(language: string, text: string = README): string[] {
  return markdown.codeBlocks(language, text);
}

/** The text below a heading of the second level; throws when there is none. */
export function section(title: string): string {
  return markdown.section(title, README);
}
