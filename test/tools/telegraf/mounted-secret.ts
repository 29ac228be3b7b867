// A Secret as the kubelet mounts it: files that are links into a folder, which is exchanged as a whole.

import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A folder that shows a Secret. */
export class MountedSecret {
  readonly path: string;
  #data: string | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts it for the first time. */
  static async mount(path: string, data: Readonly<Record<string, string>>): Promise<MountedSecret> {
    await mkdir(path);
    const mounted = new MountedSecret(path);
    await mounted.update(data);
    for (const key of Object.keys(data)) await symlink(join('..data', key), join(path, key));
    return mounted;
  }

  /** Shows other data from one moment to the next. */
  async update(data: Readonly<Record<string, string>>): Promise<void> {
    const before = this.#data;
    this.#data = await mkdtemp(join(this.path, '..version-'));
    for (const [key, value] of Object.entries(data)) await writeFile(join(this.#data, key), value);
    await symlink(basename(this.#data), join(this.path, '..data_tmp'));
    await rename(join(this.path, '..data_tmp'), join(this.path, '..data'));
    if (before !== undefined) await rm(before, { recursive: true });
  }
}
