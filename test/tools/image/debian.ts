// The files of a Debian, as its image has them: from the same packages, as no registry can be reached from everywhere.

import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Writes one of a release into a new folder, with more packages. It trusts an authority (PEM) beside those that ca-certificates brings, which
 * has to be among the packages.
 */
export async function writeDebian(
  root: string,
  release: string,
  packages: readonly string[],
  authority: string,
): Promise<void> {
  await run('debootstrap', '--variant=minbase', `--include=${packages.join(',')}`, release, root);
  await writeFile(join(root, 'usr/local/share/ca-certificates/test.crt'), authority);
  await run('chroot', root, 'update-ca-certificates');
  // Each step of a build copies the files.
  const ballast = ['usr/share/doc', 'usr/share/locale', 'usr/share/man', 'var/cache/apt', 'var/lib/apt/lists'];
  for (const folder of ballast) await rm(join(root, folder), { recursive: true });
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args, { maxBuffer: 16_000_000 });
}
