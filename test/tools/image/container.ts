// Runs an image as a kubelet would have it run: its own files, read-only, as its own user, with the service account mounted.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuardedProcess, GuardedProcesses } from '../../guarded-processes.ts';
import type { ImageConfig } from './buildah.ts';

/** What a pod knows of the cluster. */
export interface ServiceAccount {
  readonly server: string;
  readonly token: string;
  readonly authority: string;
  readonly namespace: string;
}

/** Starts it from a folder with its files. The process is the container's first, so that its pid is the program's. */
export async function startContainer(
  processes: GuardedProcesses,
  root: string,
  { User, Entrypoint, Env }: ImageConfig,
  account: ServiceAccount,
  args: readonly string[],
): Promise<GuardedProcess> {
  await mountServiceAccount(root, account);
  const { hostname, port } = new URL(account.server);
  const variables = [...Env, `KUBERNETES_SERVICE_HOST=${hostname}`, `KUBERNETES_SERVICE_PORT=${port}`];
  variables.push(`POD_NAMESPACE=${account.namespace}`);
  const inside = ['/usr/sbin/chroot', `--userspec=${User}`, '--groups=', root, ...Entrypoint, ...args];
  return processes.start({
    name: 'container',
    command: 'unshare',
    args: ['--mount', 'sh', '-e', '-c', SCRIPT, 'sh', root, ...variables, ...inside],
  });
}

// In a mount namespace of its own, which ends with it.
const SCRIPT = `
root=$1; shift
mount --bind "$root" "$root"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs env -i "$@"
`;

/** Where a kubelet mounts it. */
async function mountServiceAccount(root: string, { token, authority, namespace }: ServiceAccount): Promise<void> {
  const folder = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries({ token, 'ca.crt': authority, namespace })) {
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), 0o644);
  }
  for (const mountPoint of ['proc', 'dev']) await mkdir(join(root, mountPoint), { recursive: true });
}
