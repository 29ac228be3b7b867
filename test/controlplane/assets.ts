// Where the test control plane's programs come from: the folder in KUBEBUILDER_ASSETS, or a build of our own from Kubernetes' sources.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildGoTool } from '../go-tool.ts';

const directory = join(import.meta.dirname, 'assets');
const servers = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
const commands = [...servers, 'kubectl'] as const;

/**
 * A folder with etcd, kube-apiserver, kube-controller-manager and kubectl. `$KUBEBUILDER_ASSETS` is used when all four are there
 * (envtest's own downloads lack the controller manager, without which nothing is garbage collected and no namespace ever ends);
 * else they are built once, which takes minutes, and kept in the user's cache. `report` hears what is going on, line by line;
 * `signal` breaks the build off.
 */
export async function controlPlaneAssets(
  report: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal,
): Promise<string> {
  const given = environment.KUBEBUILDER_ASSETS;
  if (given) {
    const missing = commands.filter((command) => !existsSync(join(given, command)));
    if (missing.length === 0) {
      return given;
    }
    report(`control plane: KUBEBUILDER_ASSETS=${given} has no ${missing.join(', no ')}, so it is not used`);
  }
  return buildGoTool(
    {
      name: 'control plane',
      directory,
      sources: ['main.go', 'go.mod', 'go.sum'],
      commands: ['controlplane', ...servers],
      // In one binary with the servers each of its runs would begin by setting those up: twice the CPU.
      programs: { kubectl: 'k8s.io/kubernetes/cmd/kubectl' },
      variables: await versionVariables(),
      cost: '5 to 10 minutes on 2 cores, a download of 1 GB',
      alternative: `set KUBEBUILDER_ASSETS to a folder with ${commands.join(', ')}`,
    },
    report,
    environment,
    signal,
  );
}

/** Without these the API server takes itself for v0.0.0 and gets its feature gates wrong. The release is the one go.mod names. */
async function versionVariables(): Promise<Record<string, string>> {
  const release = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)$/m.exec(await readFile(join(directory, 'go.mod'), 'utf8'));
  if (release === null) {
    throw new Error(`${directory}/go.mod requires no k8s.io/kubernetes`);
  }
  const [, gitVersion = '', gitMajor = '', gitMinor = ''] = release;
  const version = { gitVersion, gitMajor, gitMinor, gitTreeState: 'clean', gitCommit: 'unknown' };
  // component-base: what a server says of itself at /version; client-go: what a client says of itself in its user agent.
  return Object.fromEntries(
    ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) =>
      Object.entries(version).map(([name, value]) => [`${path}.${name}`, value]),
    ),
  );
}
