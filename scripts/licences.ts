// The licences of what the bundle holds, which have to travel with it.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder of the package that a file belongs to, as written; `undefined` for a file of our own. */
export function packageOf(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

/** One text with name, version, licence and the licence texts of each of these packages, whose folders are relative to `root`. */
export async function licences(root: string, packages: Iterable<string>): Promise<string> {
  const parts = await Promise.all([...packages].sort().map((folder) => describe(join(root, folder))));
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function describe(folder: string): Promise<string> {
  const about: { name: string; version: string; license?: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  );
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const heading = `${about.name} ${about.version}, licence: ${about.license ?? 'see below'}`;
  return `${[heading, ...texts.map((text) => text.trim())].join('\n\n')}\n`;
}
