// Runs the commands that a page shows.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';

/** Where commands run. */
export interface ShellOptions {
  /** Its kubectl is found, as its administrator's. */
  readonly controlPlane: ControlPlaneClient;
  /** The working directory, and home. */
  readonly folder: string;
  /** More folders to find commands in. */
  readonly path?: readonly string[];
}

/** Runs lines as a person would in a shell and gives what they print; throws when one fails. */
export async function runShell(
  lines: readonly string[],
  { controlPlane, folder, path = [] }: ShellOptions,
): Promise<string> {
  const { assets } = await controlPlane.connection();
  const child = spawn('sh', ['-e', '-c', lines.join('\n')], {
    cwd: folder,
    env: {
      PATH: [...path, assets, process.env.PATH].join(':'),
      KUBECONFIG: controlPlane.adminKubeconfig,
      HOME: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`${lines.join('\n')}\n${stderr}`);
  return stdout;
}
