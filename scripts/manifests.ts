// Writes deploy/ as one file, dist/install.yaml, which needs no checkout: `npm run manifests`. The kubectl is that of the test control
// plane, so that everybody gets the same file; the first time that takes minutes to build.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { controlPlaneAssets } from '../test/controlplane/assets.ts';

const root = join(import.meta.dirname, '..');

const kubectl = join(await controlPlaneAssets((line) => console.error(line)), 'kubectl');
const { stdout } = await promisify(execFile)(kubectl, ['kustomize', 'deploy'], { cwd: root, maxBuffer: 64_000_000 });
await mkdir(join(root, 'dist'), { recursive: true });
await writeFile(join(root, 'dist/install.yaml'), stdout);
console.log(`written: dist/install.yaml (${Math.round(stdout.length / 1_000)} kB)`);
