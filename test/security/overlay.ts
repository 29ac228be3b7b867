// A kustomization as a user writes it: deploy/base, with components, and with a RoleBinding for each watched namespace.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const DEPLOY = join(import.meta.dirname, '../../deploy');

/** What it adds to the base. */
export interface OverlayOptions {
  readonly components: readonly string[];
  readonly watched: readonly string[];
}

/** Writes it to a folder of its own; `remove` ends that. */
export async function writeOverlay({ components, watched }: OverlayOptions): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'influxtokens-overlay-'));
  const ours = relative(path, DEPLOY);
  const write = async (folder: string, kustomization: object): Promise<void> => {
    await mkdir(join(path, folder), { recursive: true });
    // JSON is YAML.
    await writeFile(join(path, folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  };
  for (const namespace of watched) {
    await write(namespace, { namespace, resources: [`../${ours}/watched-namespace`] });
  }
  await write('.', {
    resources: [`${ours}/base`, ...watched],
    components: components.map((name) => `${ours}/components/${name}`),
  });
  return { path, remove: () => rm(path, { recursive: true }) };
}
