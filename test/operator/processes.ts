// Processes as anybody on the machine sees them, by Linux' /proc.

import { readdir, readFile } from 'node:fs/promises';

/** What `ps` shows of a process. */
export interface ShownProcess {
  readonly argv: string;
  readonly environment: string;
}

/** All processes of this machine whose arguments hold a text. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return argv.includes(text) ? Number(pid) : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** The children of a process, as they are now. */
export async function childrenOf(parent: number): Promise<readonly ShownProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => look(pid, parent)));
  return found.filter((each) => each !== undefined);
}

/** `undefined` for a process of others, and one that has ended meanwhile. */
async function look(pid: string, parent: number): Promise<ShownProcess | undefined> {
  try {
    // The name in parentheses may hold anything; the parent is the second field behind it.
    const behind = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ');
    if (Number(behind?.[1]) !== parent) return undefined;
    const read = async (name: string): Promise<string> =>
      (await readFile(`/proc/${pid}/${name}`, 'utf8')).replaceAll('\0', '\n');
    return { argv: await read('cmdline'), environment: await read('environ') };
  } catch {
    return undefined;
  }
}
