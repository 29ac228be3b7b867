// Starts and stops a Kubernetes control plane of a test's own: real etcd, API server and controllers, without nodes.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CertificateAuthority, createKeyPair, type IssuedCertificate } from '../certificates.ts';
import { GuardedProcesses, type GuardedProcess } from '../guarded-processes.ts';
import { APIServer } from './api-server.ts';
import { controlPlaneAssets } from './assets.ts';
import { ControlPlaneClient, type ProcessIds } from './control-plane-client.ts';
import { auditPolicy, controllerManagerFlags, etcdFlags, files } from './flags.ts';
import { kubeconfigText } from './kubeconfig.ts';

/** How to start a control plane. */
export interface ControlPlaneOptions {
  /** What the name of its temporary folder begins with. */
  readonly prefix?: string;
  /** Hears, line by line, of what takes long: the build of the programs, the first time. Absent: standard error. */
  readonly report?: (line: string) => void;
  /** Breaks that build off; the rest takes too short a time for it. */
  readonly signal?: AbortSignal;
  /** Command line flags of the API server that win over ours. */
  readonly apiServerFlags?: readonly string[];
  /** Awaited before the controllers start: the garbage collector looks only every 30 s for kinds that are new to it. */
  readonly prepare?: (controlPlane: ControlPlaneClient) => Promise<unknown>;
}

const timeout = 60_000;

/**
 * Starts a control plane, in a few seconds once its programs are built, on a free loopback port and in a temporary folder. When
 * this resolves the API server is ready and the controllers work. A start that fails throws with the end of the log that tells
 * why. Nothing of it outlives this process, however that ends.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const assets = await controlPlaneAssets(
    options.report ?? ((line) => console.error(line)),
    process.env,
    options.signal,
  );
  const processes = await GuardedProcesses.create(options.prefix ?? 'influxtokens-control-plane');
  try {
    return await start(assets, processes, options);
  } catch (error) {
    await processes.end();
    throw error;
  }
}

/** A running control plane in the hands of the one who may stop it. */
export class ControlPlane extends ControlPlaneClient {
  readonly #group: GuardedProcesses;
  readonly #apiServer: APIServer;

  constructor(assets: string, authority: CertificateAuthority, parts: Parts) {
    const { group, etcd, apiServer, controllerManager } = parts;
    super({ server: apiServer.url, directory: group.directory, assets }, authority, () => ({
      etcd: etcd.pid,
      apiServer: apiServer.pid,
      controllerManager: controllerManager.pid,
    }));
    this.#group = group;
    this.#apiServer = apiServer;
  }

  /** Ends the API server: in good order, as when a node is drained, or with SIGKILL as when it crashes. The data stay. */
  async stopAPIServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#apiServer.stop(signal);
  }

  /** Starts the API server again, at the same address; resolves when it is ready. */
  async startAPIServer(): Promise<void> {
    await this.#apiServer.start();
  }

  /** Ends all of it and removes its folder. */
  async stop(): Promise<void> {
    await this.#group.end();
  }
}

interface Parts {
  readonly group: GuardedProcesses;
  readonly etcd: GuardedProcess;
  readonly apiServer: APIServer;
  readonly controllerManager: GuardedProcess;
}

async function start(
  assets: string,
  group: GuardedProcesses,
  { apiServerFlags: flags = [], prepare }: ControlPlaneOptions,
): Promise<ControlPlane> {
  const etcd = await group.start({ name: 'etcd', command: join(assets, 'etcd'), args: etcdFlags() });
  const authority = await CertificateAuthority.create('influxtokens test control plane');
  const [administrator, manager] = await Promise.all([
    superuser(authority, 'administrator'),
    superuser(authority, 'system:kube-controller-manager'),
    writeServerFiles(group.directory, authority),
  ]);

  const apiServer = await APIServer.start({
    processes: group,
    command: join(assets, 'kube-apiserver'),
    flags,
    authority: authority.certificate,
    administrator,
  });
  await writeFiles(group.directory, {
    [files.adminKubeconfig]: kubeconfigText(apiServer.url, authority.certificate, administrator),
    [files.controllerManagerKubeconfig]: kubeconfigText(apiServer.url, authority.certificate, manager),
  });

  if (prepare !== undefined) {
    const { directory } = group;
    const pids = (): ProcessIds => ({ etcd: etcd.pid, apiServer: apiServer.pid, controllerManager: 0 });
    await prepare(new ControlPlaneClient({ server: apiServer.url, directory, assets }, authority, pids));
  }
  const controllerManager = await group.start({
    name: 'kube-controller-manager',
    command: join(assets, 'kube-controller-manager'),
    args: controllerManagerFlags(),
  });
  const controlPlane = new ControlPlane(assets, authority, { group, etcd, apiServer, controllerManager });
  // The first visible work of the controllers.
  const visible = '/api/v1/namespaces/default/serviceaccounts/default';
  await controllerManager.ready(() => apiServer.serves(visible), timeout);
  return controlPlane;
}

/** A client certificate whose bearer RBAC is not asked about. */
function superuser(authority: CertificateAuthority, name: string): Promise<IssuedCertificate> {
  return authority.issue({ commonName: name, organizations: ['system:masters'], usage: 'client' });
}

async function writeServerFiles(directory: string, authority: CertificateAuthority): Promise<void> {
  const [server, serviceAccounts] = await Promise.all([
    authority.issue({ commonName: 'kube-apiserver', hosts: ['127.0.0.1', 'localhost'], usage: 'server' }),
    createKeyPair(),
  ]);
  await writeFiles(directory, {
    [files.authority]: authority.certificate,
    [files.serverCertificate]: server.certificate,
    [files.serverKey]: server.key,
    [files.serviceAccountKey]: serviceAccounts.privateKey,
    [files.serviceAccountPublicKey]: serviceAccounts.publicKey,
    [files.auditPolicy]: JSON.stringify(auditPolicy),
  });
}

async function writeFiles(directory: string, contents: Record<string, string>): Promise<void> {
  await Promise.all(Object.entries(contents).map(([name, content]) => writeFile(join(directory, name), content)));
}
