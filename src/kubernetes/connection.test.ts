// Finding a cluster, and keeping the credentials for it fresh.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CertificateAuthority } from '../../test/certificates.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import { loadConnection, type Connection } from './connection.ts';
import type { Places } from './kubeconfig.ts';

let authority: CertificateAuthority;
let folder: string;
let clock: ManualClock;
const open: Connection[] = [];

beforeAll(async () => {
  authority = await CertificateAuthority.create('test');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connection-'));
  clock = new ManualClock();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await rm(folder, { recursive: true });
});

/** Loads from nowhere but the test's folder. */
async function load(places: Places = {}): Promise<Connection> {
  const connection = await loadConnection({ environment: {}, home: folder, root: folder, clock, ...places });
  open.push(connection);
  return connection;
}

/** Writes a file in the test's folder; the result is its path. */
async function write(name: string, content: string | object): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

interface Config {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}

/** A kubeconfig; JSON is YAML. */
function kubeconfig({
  server = 'https://api.example.com:6443',
  cluster = {},
  user = {},
  more = {},
}: Config = {}): object {
  return {
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'main', user: 'main', namespace: 'here' } }],
    clusters: [
      { name: 'main', cluster: { server, 'certificate-authority-data': base64(authority.certificate), ...cluster } },
    ],
    users: [{ name: 'main', user: { token: 'secret', ...user } }],
    ...more,
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('the cluster', () => {
  const at = (name: string) => kubeconfig({ server: `https://${name}` });

  test('is the one of --kubeconfig first of all', async () => {
    const path = await write('given', at('given'));
    const other = await write('other', at('other'));
    const connection = await load({ kubeconfig: path, environment: { KUBECONFIG: other } });
    expect(connection.server.host).toBe('given');
    expect(connection.namespace).toBe('here');
  });

  test('is then the one of $KUBECONFIG, whose files are merged; the first current context counts', async () => {
    const first = await write('first', { users: [{ name: 'main', user: { token: 'of-first' } }] });
    const second = await write('second', { ...at('second'), users: [] });
    const KUBECONFIG = [first, join(folder, 'missing'), second].join(':');
    const connection = await load({ environment: { KUBECONFIG } });
    expect(connection.server.host).toBe('second');
    expect((await connection.credentials()).headers).toEqual({ authorization: 'Bearer of-first' });
  });

  test('is then the one of ~/.kube/config', async () => {
    await write('.kube/config', at('home'));
    expect((await load()).server.host).toBe('home');
  });

  test('is then the one whose pod this is', async () => {
    await serviceAccount('token-1');
    const connection = await load({ environment: inCluster });
    expect(connection.server.href).toBe('https://10.96.0.1/');
    expect(connection.namespace).toBe('mine');
  });

  test('that is nowhere is an error which says where was looked, and what to do', async () => {
    await expect(load()).rejects.toThrow(
      /--kubeconfig.*\$KUBECONFIG.*\.kube\/config.*serviceaccount\/token.*give --kubeconfig PATH/,
    );
  });

  test('of a file that does not exist is an error which names the file', async () => {
    await expect(load({ kubeconfig: '/no/such/file' })).rejects.toThrow(
      '--kubeconfig names /no/such/file, which does not exist',
    );
    await expect(load({ environment: { KUBECONFIG: '/no/such/file' } })).rejects.toThrow(
      '$KUBECONFIG names /no/such/file',
    );
  });

  test.each<[string, RegExp, Config]>([
    ['no current context', /no current context/, { more: { 'current-context': '' } }],
    ['a context that is missing', /no context "other"/, { more: { 'current-context': 'other' } }],
    ['a cluster that is missing', /names the cluster "main", which/, { more: { clusters: [] } }],
    ['a user that is missing', /names the user "main", which/, { more: { users: [] } }],
    ['no valid address', /no valid server address/, { server: 'nonsense' }],
    ['plain http', /plain http: use https/, { server: 'http://api.example.com' }],
    ['a SOCKS proxy', /only http and https/, { cluster: { 'proxy-url': 'socks5://127.0.0.1:1' } }],
    ['nonsense', /cannot read the kubeconfig .*config.*clusters\[0\]/, { more: { clusters: [{}] } }],
  ])('of a kubeconfig with %s is an error which says so', async (_, message, config) => {
    await expect(load({ kubeconfig: await write('config', kubeconfig(config)) })).rejects.toThrow(message);
  });
});

describe('credentials', () => {
  test.each<[string, object, string]>([
    ['a token', {}, 'Bearer secret'],
    ['a token that ends in a newline', { token: 'secret\n' }, 'Bearer secret'],
    ['name and password', { token: undefined, username: 'a', password: 'b' }, `Basic ${base64('a:b')}`],
  ])('may be %s', async (_, user, authorization) => {
    const connection = await load({ kubeconfig: await write('config', kubeconfig({ user })) });
    expect((await connection.credentials()).headers).toEqual({ authorization });
  });

  test('are the same objects as long as nothing changes, and the connections too', async () => {
    const connection = await load({ kubeconfig: await write('config', kubeconfig()) });
    const first = await connection.credentials();
    await clock.advance(300_000);
    expect(await connection.credentials()).toBe(first);
  });

  test("follow the pod's token within a minute, over the same connections", async () => {
    await serviceAccount('token-1\n');
    const connection = await load({ environment: inCluster });
    const first = await connection.credentials();
    expect(first.headers).toEqual({ authorization: 'Bearer token-1' });
    await serviceAccount('token-2');
    expect(await connection.credentials()).toBe(first);
    await clock.advance(30_000);
    const second = await connection.credentials();
    expect(second.headers).toEqual({ authorization: 'Bearer token-2' });
    expect(second.requests).toBe(first.requests);
  });

  test('follow the token at once after a 401, and say when there is nothing new', async () => {
    await serviceAccount('token-1');
    const connection = await load({ environment: inCluster });
    const first = await connection.credentials();
    expect(await connection.renew(first)).toBeUndefined();
    await serviceAccount('token-2');
    const [one, two] = await Promise.all([connection.renew(first), connection.renew(first)]);
    expect(one?.headers).toEqual({ authorization: 'Bearer token-2' });
    expect(two).toBe(one);
    expect(await connection.renew(first)).toBe(one);
  });

  test('go on while their file is being replaced, but a 401 brings the error to light', async () => {
    const path = await write('config', kubeconfig());
    const connection = await load({ kubeconfig: path });
    const first = await connection.credentials();
    await write('config', '{');
    await clock.advance(30_000);
    expect(await connection.credentials()).toBe(first);
    await expect(connection.renew(first)).rejects.toThrow(/cannot read the kubeconfig/);
  });

  test('move to new connections when the certificates change', async () => {
    const path = await write('config', kubeconfig());
    const connection = await load({ kubeconfig: path });
    const first = await connection.credentials();
    const other = await CertificateAuthority.create('other');
    await write('config', kubeconfig({ cluster: { 'certificate-authority-data': base64(other.certificate) } }));
    await clock.advance(30_000);
    const second = await connection.credentials();
    expect(second.requests).not.toBe(first.requests);
    expect(second.watches).not.toBe(first.watches);
  });

  test('stay those of the context at the start, whatever context kubectl uses now', async () => {
    const path = await write('config', kubeconfig());
    const connection = await load({ kubeconfig: path });
    const contexts = [
      { name: 'main', context: { cluster: 'main', user: 'main' } },
      { name: 'other', context: { cluster: 'main', user: 'other' } },
    ];
    await write('config', kubeconfig({ more: { 'current-context': 'other', contexts } }));
    expect((await connection.credentials()).headers).toEqual({ authorization: 'Bearer secret' });
  });

  test('are never sent to a server that the context came to name later', async () => {
    const path = await write('config', kubeconfig());
    const connection = await load({ kubeconfig: path });
    await write('config', kubeconfig({ server: 'https://elsewhere', user: { token: 'for-elsewhere' } }));
    await expect(connection.credentials()).rejects.toThrow('now names the server https://elsewhere');
  });
});

describe('a credential plugin', () => {
  /** Counts its runs in its token. */
  const script = `
    const fs = require('node:fs');
    fs.appendFileSync(process.argv[1], 'x');
    const token = 'run-' + fs.readFileSync(process.argv[1]).length;
    console.log(JSON.stringify({ kind: 'ExecCredential', status: { token } }));`;
  const plugin = (): object => {
    const args = ['-e', script, join(folder, 'runs')];
    return {
      token: undefined,
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args },
    };
  };

  test('is run once, and again only after a 401; once for all who meet one', async () => {
    const connection = await load({ kubeconfig: await write('config', kubeconfig({ user: plugin() })) });
    const [first] = await Promise.all([connection.credentials(), connection.credentials()]);
    expect(first.headers).toEqual({ authorization: 'Bearer run-1' });
    await clock.advance(300_000);
    expect(await connection.credentials()).toBe(first);
    const [second] = await Promise.all([connection.renew(first), connection.renew(first)]);
    expect(second?.headers).toEqual({ authorization: 'Bearer run-2' });
  });
});

const inCluster = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
// client-node reads these itself.
const before = { ...process.env };
beforeAll(() => void Object.assign(process.env, inCluster));
afterAll(() => {
  for (const name of Object.keys(inCluster)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

/** The files that kubelet gives a pod. */
async function serviceAccount(token: string): Promise<void> {
  const files = { token, 'ca.crt': authority.certificate, namespace: 'mine' };
  for (const [name, content] of Object.entries(files)) {
    await write(join('var/run/secrets/kubernetes.io/serviceaccount', name), content);
  }
}
