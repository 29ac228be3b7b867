// What InfluxData serves, under its own names and with TLS: whoever is to come here is given the proxy, and trusts the authority.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CertificateAuthority } from '../../certificates.ts';
import { startProxy, type Proxy } from '../../kubernetes/proxy.ts';
import { portOf } from '../../port-of.ts';

export class Downloads {
  /** By URL. */
  readonly files = new Map<string, string | Buffer>();
  /** The URLs that were asked for. */
  readonly asked: string[] = [];
  /** What has to be trusted, PEM. */
  readonly authority: string;
  readonly #proxy: Proxy;
  readonly #server: Server;

  private constructor(server: Server, proxy: Proxy, authority: string) {
    this.#server = server;
    this.#proxy = proxy;
    this.authority = authority;
    server.on('request', ({ headers, url = '' }, response) => {
      const asked = `https://${headers.host}${url}`;
      this.asked.push(asked);
      const file = this.files.get(asked);
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
  }

  /** Serves these hosts. */
  static async start(...hosts: readonly string[]): Promise<Downloads> {
    const authority = await CertificateAuthority.create('Authority of the tests');
    const { certificate, key } = await authority.issue({ commonName: 'downloads', hosts, usage: 'server' });
    const server = createServer({ cert: certificate, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    // No other is reached by it, so that nothing comes from elsewhere unnoticed.
    const proxy = await startProxy((target) =>
      hosts.some((host) => target === `${host}:443`) ? `127.0.0.1:${port}` : '127.0.0.1:1',
    );
    return new Downloads(server, proxy, authority.certificate);
  }

  /** The proxy that leads here. */
  get proxy(): string {
    return this.#proxy.url;
  }

  stop(): void {
    this.#proxy.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A compressed archive of one folder with one program. */
export async function archive(folder: string, program: string, content: string): Promise<Buffer> {
  const scratch = await mkdtemp(join(tmpdir(), 'influxtokens-archive-'));
  await mkdir(join(scratch, folder));
  await writeFile(join(scratch, folder, program), content, { mode: 0o755 });
  await promisify(execFile)('tar', ['-C', scratch, '-czf', join(scratch, 'archive'), folder]);
  const packed = await readFile(join(scratch, 'archive'));
  await rm(scratch, { recursive: true });
  return packed;
}
