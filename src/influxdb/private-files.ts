// Files for a program that takes a secret in no other way: in memory where there is such a place, for us alone, and only while it runs.

import { accessSync, constants, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { codeOf } from './network-failure.ts';

const PREFIX = 'influxtokens-';
const NAME = new RegExp(`^${PREFIX}(\\d+)-`);
/** Memory on every Linux, in a container with a read-only root too. */
const SHARED_MEMORY = '/dev/shm';

/** A directory for the files of one run. */
export interface RunFiles {
  readonly directory: string;
  /** Writes a file for the owner's eyes alone, and answers its path. */
  write(name: string, content: string): string;
  /** Removes the directory with all that is in it. */
  remove(): void;
}

/** A directory of this process, made when it is first needed. A process that was killed leaves its own behind: the next one sweeps it. */
export class PrivateFiles {
  readonly #base: string;
  #directory: string | undefined;
  #runs = 0;

  /** @param base where directories are made; else `$TMPDIR`, shared memory, or the machine's directory for temporary files */
  constructor(base?: string) {
    this.#base = base ?? defaultBase();
    sweep(this.#base);
  }

  /** A new and empty directory. This, and writing into it, throws an error of `node:fs` where it cannot be done. */
  open(): RunFiles {
    this.#directory ??= mkdtempSync(join(this.#base, `${PREFIX}${process.pid}-`));
    this.#runs += 1;
    const directory = join(this.#directory, String(this.#runs));
    mkdirSync(directory, { mode: 0o700 });
    return {
      directory,
      write(name, content) {
        const path = join(directory, name);
        writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
        return path;
      },
      remove: () => rmSync(directory, { recursive: true, force: true }),
    };
  }

  /** Removes everything, at once: for a process that ends. */
  close(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }
}

function defaultBase(): string {
  const { TMPDIR } = process.env;
  if (TMPDIR !== undefined && TMPDIR !== '') return TMPDIR;
  return isWritable(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir();
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes what processes that are gone have left. Our own number counts as gone: nothing of ours is there yet, and in a container that was
 * restarted the former process had the same one.
 */
function sweep(base: string): void {
  for (const name of list(base)) {
    const pid = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) continue;
    const path = join(base, name);
    // Others may make names in a shared place; a link of theirs must lead us nowhere.
    const { uid, isDirectory } = describe(path);
    if (isDirectory && uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
  }
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function describe(path: string): { uid?: number; isDirectory: boolean } {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? { isDirectory: false } : { uid: stats.uid, isDirectory: stats.isDirectory() };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
