// Builds images without a daemon, a registry or a container runtime, in a store of its own.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** As much of an image's configuration as says how it is run. */
export interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

/** Why no image can be built here with buildah and these programs, with the remedy; `undefined` where one can. */
export async function whyNoBuildah(...programs: readonly string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'it takes root to build and run it without a container runtime';
  for (const program of ['buildah', ...programs]) {
    const found = await promisify(execFile)(program, ['--version']).catch(() => undefined);
    if (found === undefined) return `there is no ${program}: apt-get install --no-install-recommends ${program}`;
  }
  return undefined;
}

/** A store of images. */
export class Buildah {
  /** Gone with the store. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes an empty store. */
  static async create(): Promise<Buildah> {
    return new Buildah(await mkdtemp(join(tmpdir(), 'influxtokens-image-')));
  }

  /** An image of one layer. */
  async image(name: string, root: string, variables: Readonly<Record<string, string>>): Promise<string> {
    const container = await this.#run('from', 'scratch');
    await this.#run('copy', '--quiet', container, root, '/');
    const env = Object.entries(variables).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]);
    await this.#run('config', ...env, container);
    await this.#run('commit', '--quiet', '--rm', container, `localhost/${name}`);
    return `localhost/${name}`;
  }

  /**
   * Builds a folder with a Dockerfile, from images of this store, for this machine's architecture unless another platform is told; gives the
   * id, which is a digest over the whole image. Throws an error with what was said when it fails.
   */
  async build(folder: string, args: Readonly<Record<string, string>>, platform?: string): Promise<string> {
    const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    if (platform !== undefined) given.push(`--platform=${platform}`);
    // Without layers of an earlier build, and with the files of our own layers at one time.
    const options = ['--isolation=chroot', '--pull-never', '--no-cache', '--timestamp=0', '--quiet'];
    return this.#run('build', ...options, ...given, folder);
  }

  async config(image: string): Promise<ImageConfig> {
    return (await this.#inspect(image)).config;
  }

  /** For which architecture an image is, as Go calls it. */
  async architecture(image: string): Promise<string> {
    return (await this.#inspect(image)).architecture;
  }

  /** A folder with the files of an image, to be changed as one likes. */
  async mount(image: string): Promise<string> {
    return this.#run('mount', await this.#run('from', '--pull-never', image));
  }

  /** Removes it all. */
  async remove(): Promise<void> {
    await this.#run('umount', '--all');
    await rm(this.folder, { recursive: true });
  }

  async #inspect(image: string): Promise<{ readonly architecture: string; readonly config: ImageConfig }> {
    const inspected: { OCIv1: { architecture: string; config: ImageConfig } } = JSON.parse(
      await this.#run('inspect', '--type=image', image),
    );
    return inspected.OCIv1;
  }

  async #run(...args: readonly string[]): Promise<string> {
    const store = ['--root', join(this.folder, 'store'), '--runroot', join(this.folder, 'run'), '--storage-driver=vfs'];
    const { stdout } = await promisify(execFile)('buildah', [...store, ...args], { maxBuffer: 64_000_000 });
    return stdout.trim();
  }
}
