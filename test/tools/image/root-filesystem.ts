// What base images consist of, from what is installed on this machine: no registry can be reached from everywhere.

import { execFile } from 'node:child_process';
import { cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The certificates that this machine trusts, as Debian's ca-certificates writes them. */
export const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** What a distroless image for Node has: Node, the libraries that it needs, certificates and a user; no shell. */
export async function writeRuntime(root: string): Promise<void> {
  await install(root, process.execPath, '/nodejs/bin/node');
  await install(root, CERTIFICATES);
  await write(
    root,
    '/etc/passwd',
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n',
  );
}

/** What an image to build in has: Node, npm and a shell. */
export async function writeBuilder(root: string): Promise<void> {
  await writeRuntime(root);
  for (const program of ['/bin/sh', '/bin/chmod', '/usr/bin/env']) await install(root, program);
  const npm = await realpath((await promisify(execFile)('sh', ['-c', 'command -v npm'])).stdout.trim());
  await cp(dirname(dirname(npm)), join(root, 'usr/lib/npm'), { recursive: true });
  await symlink('../lib/npm/bin/npm-cli.js', join(root, 'usr/bin/npm'));
  await mkdir(join(root, 'tmp'), { recursive: true });
}

/** Copies a file, and with a program the libraries that it loads. */
async function install(root: string, file: string, target = file): Promise<void> {
  await cp(await realpath(file), await inside(root, target));
  const { stdout } = await promisify(execFile)('ldd', [file]).catch(() => ({ stdout: '' }));
  for (const [library] of stdout.matchAll(/\/\S+/g)) await cp(await realpath(library), await inside(root, library));
}

async function write(root: string, file: string, content: string): Promise<void> {
  await writeFile(await inside(root, file), content);
}

async function inside(root: string, file: string): Promise<string> {
  const path = join(root, file);
  await mkdir(dirname(path), { recursive: true });
  return path;
}
