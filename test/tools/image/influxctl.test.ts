import { execFile } from 'node:child_process';
import { chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ROOT } from '../../docs/markdown.ts';
import { Buildah, whyNoBuildah } from './buildah.ts';
import { writeDebian } from './debian.ts';
import { archive, Downloads } from './downloads.ts';
import { SigningKey } from './signing-key.ts';

jest.setTimeout(300_000);

const FOLDER = join(ROOT, 'deploy/components/influxctl');
/** As InfluxData publishes: https://docs.influxdata.com/influxdb3/clustered/reference/cli/influxctl/#download-and-install-influxctl. */
const RELEASES = 'https://dl.influxdata.com/influxctl/releases';
const KEY = 'https://repos.influxdata.com/influxdata-archive.key';
const VERSION = '2.12.0';
const [OWN, OTHER] = process.arch === 'arm64' ? (['arm64', 'x86_64'] as const) : (['x86_64', 'arm64'] as const);

const obstacle = await whyNoBuildah('debootstrap', 'gpg', 'gpg-agent');

if (obstacle !== undefined) {
  test(`the image with influxctl is NOT built here: ${obstacle}`, () => {
    console.warn(`The image with influxctl was not built: ${obstacle}`);
  });
} else {
  describe('the image with influxctl', () => {
    imageTests();
  });
}

function imageTests(): void {
  let buildah: Buildah;
  let downloads: Downloads;
  let base: string;
  let vendor: SigningKey;
  let somebody: SigningKey;
  const keys: SigningKey[] = [];

  beforeAll(async () => {
    downloads = await Downloads.start('dl.influxdata.com', 'repos.influxdata.com');
    buildah = await Buildah.create();
    const root = join(buildah.folder, 'debian');
    // What the Dockerfile installs is there already, or each build would take half a minute longer.
    await writeDebian(root, 'trixie', ['ca-certificates', 'curl', 'gnupg'], downloads.authority);
    base = await buildah.image('debian', root, {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    });
    // The first subkey has expired, and the second took over in time.
    vendor = await makeKey([1_500, 1_200], [500, 3_000]);
    somebody = await makeKey([500, 3_000]);
  }, 600_000);

  beforeEach(async () => {
    downloads.files.clear();
    downloads.asked.length = 0;
    downloads.files.set(KEY, await vendor.publicKey());
  });

  afterAll(async () => {
    await Promise.all(keys.map((key) => key.remove()));
    await buildah.remove();
    downloads.stop();
  });

  /** A key that says it is InfluxData's, with subkeys: how many days ago each was made, and for how many. */
  async function makeKey(...subkeys: readonly (readonly [ago: number, days: number])[]): Promise<SigningKey> {
    const key = await SigningKey.create('InfluxData');
    keys.push(key);
    for (const [ago, days] of subkeys) await key.addSubkey(ago, days);
    return key;
  }

  /** The command, packed as InfluxData does. */
  function packed(architecture: string = OWN, said = 'influxctl'): Promise<Buffer> {
    return archive(`influxctl-v${VERSION}-linux-${architecture}`, 'influxctl', `#!/bin/sh\necho "${said} $*"\n`);
  }

  function publishes(content: Buffer, signature: string, architecture: string = OWN): void {
    const url = `${RELEASES}/influxctl-v${VERSION}-linux-${architecture}.tar.gz`;
    downloads.files.set(url, content).set(`${url}.asc`, signature);
  }

  function build(args: Readonly<Record<string, string>> = {}): Promise<string> {
    const platform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
    const given = { VERSION, BASE: base, FINGERPRINT: vendor.fingerprint, HTTPS_PROXY: downloads.proxy };
    return buildah.build(FOLDER, { BUILDPLATFORM: platform, ...given, ...args });
  }

  /** Runs a command of an image as its user. */
  async function run(root: string, ...command: readonly string[]): Promise<string> {
    return (await promisify(execFile)('chroot', ['--userspec=65532:65532', root, ...command])).stdout;
  }

  test('holds the command that InfluxData has signed, and gives it to the pod as the component has it', async () => {
    const content = await packed();
    publishes(content, await vendor.sign(content));
    const image = await build();
    expect(downloads.asked).toEqual([
      `https://dl.influxdata.com/influxctl/releases/influxctl-v2.12.0-linux-${OWN}.tar.gz`,
      `https://dl.influxdata.com/influxctl/releases/influxctl-v2.12.0-linux-${OWN}.tar.gz.asc`,
      'https://repos.influxdata.com/influxdata-archive.key',
    ]);

    const { User, Entrypoint } = await buildah.config(image);
    expect({ User, Entrypoint }).toEqual({ User: '65532:65532', Entrypoint: ['/usr/local/bin/influxctl'] });
    const root = await buildah.mount(image);
    expect(await run(root, ...Entrypoint, 'version')).toBe('influxctl version\n');

    // What the kubelet would mount.
    await mkdir(join(root, 'influxctl'));
    await chown(join(root, 'influxctl'), 65_532, 65_532);
    await run(root, ...(await commandOfComponent()));
    expect(await run(root, '/influxctl/influxctl', 'version')).toBe('influxctl version\n');
  });

  test('holds the command of the architecture that it is built for, where there is one', async () => {
    const content = await packed(OTHER, 'other');
    publishes(content, await vendor.sign(content), OTHER);
    const image = await build({ TARGETARCH: OTHER === 'arm64' ? 'arm64' : 'amd64' });
    expect(await run(await buildah.mount(image), '/usr/local/bin/influxctl', 'version')).toBe('other version\n');
    await expect(build({ TARGETARCH: 'riscv64' })).rejects.toThrow('InfluxData has no influxctl for riscv64');
  });

  test('is built from what was signed by a subkey that has expired since', async () => {
    const content = await packed(OWN, 'former');
    publishes(content, await vendor.sign(content, 1_000));
    const image = await build();
    expect(await run(await buildah.mount(image), '/usr/local/bin/influxctl', 'version')).toBe('former version\n');
  });

  test('is not built from an archive that was changed after it was signed', async () => {
    publishes(await packed(OWN, 'evil'), await vendor.sign(await packed()));
    await expect(build()).rejects.toThrow(/BAD signature[^]*is refused: its signature is not good/);
  });

  test('is not built from what somebody else has signed, though his key is served beside the true one', async () => {
    const content = await packed(OWN, 'evil');
    publishes(content, await somebody.sign(content));
    downloads.files.set(KEY, `${await vendor.publicKey()}${await somebody.publicKey()}`);
    await expect(build()).rejects.toThrow(`is refused: it is not signed by the key ${vendor.fingerprint}`);
  });

  test('is not built from what nobody has signed', async () => {
    publishes(await packed(OWN, 'evil'), '');
    await expect(build()).rejects.toThrow('is refused: its signature is not good');
  });

  test('is not built from what was signed by a subkey that was revoked', async () => {
    const stolen = await makeKey([500, 3_000]);
    const content = await packed(OWN, 'evil');
    publishes(content, await stolen.sign(content));
    await stolen.revokeSubkey();
    downloads.files.set(KEY, await stolen.publicKey());
    await expect(build({ FINGERPRINT: stolen.fingerprint })).rejects.toThrow(
      'is refused: its signature, or the key that made it, holds no more',
    );
  });
}

/** With which the component copies the command into the pod. */
async function commandOfComponent(): Promise<string[]> {
  const patch = await readFile(join(FOLDER, 'deployment.yaml'), 'utf8');
  return /^ +command: \[(.+)\]$/m.exec(patch)?.[1]?.split(', ') ?? [];
}
