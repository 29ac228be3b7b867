// What a test does with a running control plane, whoever started it.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { CertificateAuthority, type IssuedCertificate } from '../certificates.ts';
import { readAuditLog, type AuditEvent } from './audit.ts';
import { auditLog, files } from './flags.ts';
import { kubeconfigText, type Credentials } from './kubeconfig.ts';

/** All that another process needs to use a control plane; survives JSON. The private key in it makes its reader an administrator. */
export interface Connection {
  readonly server: string;
  readonly directory: string;
  readonly assets: string;
  readonly authority: IssuedCertificate;
  readonly processes: ProcessIds;
}

/** Process ids, for accounting. */
export interface ProcessIds {
  readonly etcd: number;
  readonly apiServer: number;
  readonly controllerManager: number;
}

/** How a kubectl command ended. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a kubectl command; nothing of it has to be said. */
export interface KubectlOptions {
  /** What it reads from standard input. */
  readonly input?: string;
  /** A path; the administrator's unless told. */
  readonly kubeconfig?: string;
  /** Ends it; it then answers with a code that is not 0. */
  readonly signal?: AbortSignal;
}

/** A control plane to use but not to stop. */
export class ControlPlaneClient {
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** Its folder: logs, certificates, kubeconfigs. Gone when the control plane is stopped. */
  readonly directory: string;
  /** The path of a kubeconfig that may do everything. */
  readonly adminKubeconfig: string;
  /** What a client must trust, PEM. */
  readonly certificateAuthority: string;
  readonly #assets: string;
  readonly #authority: CertificateAuthority;
  readonly #processes: () => ProcessIds;

  constructor(
    { server, directory, assets }: Omit<Connection, 'authority' | 'processes'>,
    authority: CertificateAuthority,
    processes: () => ProcessIds,
  ) {
    this.server = server;
    this.directory = directory;
    this.adminKubeconfig = join(directory, files.adminKubeconfig);
    this.certificateAuthority = authority.certificate;
    this.#assets = assets;
    this.#authority = authority;
    this.#processes = processes;
  }

  /** A client of a control plane that another process started. */
  static async attach(connection: Connection): Promise<ControlPlaneClient> {
    const authority = await CertificateAuthority.fromPem(connection.authority);
    return new ControlPlaneClient(connection, authority, () => connection.processes);
  }

  /** What `attach` takes in another process. */
  async connection(): Promise<Connection> {
    const { server, directory, processes } = this;
    return { server, directory, assets: this.#assets, authority: await this.#authority.toPem(), processes };
  }

  /** The path of the audit log, one event a line. */
  get auditLog(): string {
    return join(this.directory, auditLog);
  }

  /** The processes that run now. */
  get processes(): ProcessIds {
    return this.#processes();
  }

  /** The path of a new kubeconfig for a user, who may do what RBAC says: nothing much, unless a binding names the user or a group. */
  async kubeconfigFor(user: string, groups: readonly string[] = []): Promise<string> {
    return this.#writeKubeconfig(
      user,
      await this.#authority.issue({ commonName: user, organizations: groups, usage: 'client' }),
    );
  }

  /** The path of a new kubeconfig for a service account, with a token of a day as the TokenRequest API gives it. */
  async kubeconfigForServiceAccount(namespace: string, name: string): Promise<string> {
    const token = await this.#kubectlOutput(['create', 'token', name, `--namespace=${namespace}`, '--duration=24h']);
    return this.#writeKubeconfig(`${namespace}-${name}`, { token: token.trim() });
  }

  /**
   * Runs kubectl, as administrator unless `kubeconfig` says otherwise, and answers how it ended, well or not. The user's own
   * ~/.kube is neither read nor written.
   */
  async kubectl(
    args: readonly string[],
    { input = '', kubeconfig = this.adminKubeconfig, signal }: KubectlOptions = {},
  ): Promise<KubectlResult> {
    const cache = `--cache-dir=${join(this.directory, 'kubectl-cache')}`;
    const child = spawn(join(this.#assets, 'kubectl'), [`--kubeconfig=${kubeconfig}`, cache, ...args], {
      env: { PATH: process.env.PATH, HOME: this.directory },
    });
    const end = (): boolean => child.kill();
    signal?.addEventListener('abort', end);
    const closed = once(child, 'close').finally(() => signal?.removeEventListener('abort', end));
    // kubectl may end without having read it all; its exit code tells why.
    child.stdin.on('error', () => undefined).end(input);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code: Number(code ?? -1), stdout, stderr };
  }

  /** Server-side applies YAML or objects, as administrator; throws what kubectl says when it fails. */
  async apply(manifest: string | object | readonly object[]): Promise<void> {
    const items = Array.isArray(manifest) ? manifest : [manifest];
    const input = typeof manifest === 'string' ? manifest : JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await this.#kubectlOutput(['apply', '--server-side', '-f', '-'], input);
  }

  /**
   * The requests that the API server has finished, or watches it has begun, oldest first. A request may show up here a moment
   * after its answer: wait for it. `start`: only those behind so many bytes of the log.
   */
  auditEvents(filter: (event: AuditEvent) => boolean = () => true, start = 0): Promise<AuditEvent[]> {
    return readAuditLog(this.auditLog, filter, start);
  }

  async #kubectlOutput(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(args, { input });
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')} ended with exit code ${code}:\n${stderr.trimEnd()}`);
    }
    return stdout;
  }

  async #writeKubeconfig(name: string, credentials: Credentials): Promise<string> {
    const unique = `${name.replaceAll(/[^\w.-]+/g, '-')}-${randomBytes(4).toString('hex')}`;
    const path = join(this.directory, `${unique}.kubeconfig`);
    await writeFile(path, kubeconfigText(this.server, this.certificateAuthority, credentials));
    return path;
  }
}
