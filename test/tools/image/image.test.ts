import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { request } from 'undici';
import { startControlPlane, type ControlPlane } from '../../controlplane/control-plane.ts';
import { freePort } from '../../free-port.ts';
import { GuardedProcesses } from '../../guarded-processes.ts';
import { OPERATOR_NAMESPACE } from '../../operator/operator-process.ts';
import { ROOT } from '../../docs/markdown.ts';
import { Simulator } from '../../simulator/simulator.ts';
import { connectCluster, issueToken } from '../first-token.ts';
import { Buildah, whyNoBuildah, type ImageConfig } from './buildah.ts';
import { startContainer } from './container.ts';
import { CERTIFICATES, writeBuilder, writeRuntime } from './root-filesystem.ts';

jest.setTimeout(600_000);

/** What the Dockerfile reads, besides itself. */
const CONTEXT = [
  'Dockerfile',
  '.dockerignore',
  'LICENSE',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'scripts',
  'src',
];
/** What it adds to its base. */
const FILES = ['operator.cjs', 'LICENSES.txt', 'sbom.cdx.json'];
/** This machine's architecture and another, as Go calls them. */
const [OWN, OTHER] = process.arch === 'arm64' ? (['arm64', 'amd64'] as const) : (['amd64', 'arm64'] as const);
const MEBIBYTE = 1_048_576;
const REQUESTED = 128 * MEBIBYTE;

const obstacle = await whyNoBuildah();

if (obstacle !== undefined) {
  test(`the image is NOT built and NOT run here: ${obstacle}`, () => {
    console.warn(`The image was neither built nor run: ${obstacle}`);
  });
} else {
  describe('the image', () => {
    imageTests();
  });
}

function imageTests(): void {
  let buildah: Buildah;
  let args: Readonly<Record<'BUILD_IMAGE' | 'RUNTIME_IMAGE' | 'BUILDPLATFORM', string>>;
  let images: readonly string[];
  let config: ImageConfig;

  beforeAll(async () => {
    buildah = await Buildah.create();
    const [runtime, builder] = [join(buildah.folder, 'runtime'), join(buildah.folder, 'builder')];
    await writeRuntime(runtime);
    await writeBuilder(builder);
    const path = { PATH: '/nodejs/bin:/usr/bin:/bin' };
    args = {
      // Told for buildah before 1.29, which does not say it by itself.
      BUILDPLATFORM: `linux/${OWN}`,
      RUNTIME_IMAGE: await buildah.image('runtime', runtime, path),
      BUILD_IMAGE: await buildah.image('builder', builder, { ...path, NODE_EXTRA_CA_CERTS: CERTIFICATES }),
    };
    // Another place and other times of files must not matter.
    const elsewhere = join(buildah.folder, 'elsewhere');
    await mkdir(elsewhere);
    for (const part of CONTEXT) await cp(join(ROOT, part), join(elsewhere, part), { recursive: true });
    images = [await buildah.build(ROOT, args), await buildah.build(elsewhere, args)];
    config = await buildah.config(images[0] ?? '');
  }, 1_800_000);

  afterAll(async () => {
    await buildah.remove();
  });

  test('has the same digest when it is built again, elsewhere', () => {
    expect(images[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(images[1]).toBe(images[0]);
  });

  test('is its base and three files of less than four megabytes, and runs as a user that is not root', async () => {
    const root = await buildah.mount(images[0] ?? '');
    const sizes = await Promise.all(FILES.map(async (file) => (await stat(join(root, file))).size));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(4_000_000);
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['node', '--initial-old-space-size=96', '--expose-gc', '/operator.cjs'],
    });
    await expect(stat(join(root, 'build'))).rejects.toThrow('ENOENT');
  });

  test('is built for another architecture on this one, which runs nothing of that, with the same files', async () => {
    // buildah finds no image of another architecture in its store.
    const image = await buildah.build(ROOT, { ...args, RUNTIME_IMAGE: 'scratch' }, `linux/${OTHER}`);
    expect(await buildah.architecture(image)).toBe(OTHER);
    const [here, there] = [await buildah.mount(images[0] ?? ''), await buildah.mount(image)];
    for (const file of FILES) {
      expect((await readFile(join(there, file))).equals(await readFile(join(here, file)))).toBe(true);
    }
  });

  describe('on a control plane', () => {
    let controlPlane: ControlPlane;
    let simulator: Simulator;
    let processes: GuardedProcesses;

    beforeAll(async () => {
      controlPlane = await startControlPlane();
      simulator = await Simulator.start({ databases: ['sensors'] });
      processes = await GuardedProcesses.create('influxtokens-container');
      await kubectl('apply', '--server-side', '-k', join(ROOT, 'deploy'));
      await kubectl('create', 'namespace', 'metrics');
      await connectCluster(controlPlane, simulator, 'metrics');
    }, 120_000);

    afterAll(async () => {
      await processes.end();
      await simulator.stop();
      await controlPlane.stop();
    });

    test('issues a token with nothing but what a pod has, on a read-only file system, in the memory it asks for', async () => {
      const health = `127.0.0.1:${await freePort()}`;
      const account = {
        server: controlPlane.server,
        token: await kubectl('create', 'token', 'influxtokens-operator', `--namespace=${OPERATOR_NAMESPACE}`),
        authority: controlPlane.certificateAuthority,
        namespace: OPERATOR_NAMESPACE,
      };
      const root = await buildah.mount(images[0] ?? '');
      const started = performance.now();
      const flags = [`--health-probe-bind-address=${health}`, '--metrics-bind-address=0'];
      const container = await startContainer(processes, root, config, account, flags);
      const ready = async (): Promise<boolean> => {
        const { statusCode, body } = await request(`http://${health}/readyz`, { reset: true });
        await body.dump();
        return statusCode === 200;
      };
      await container.ready(ready, 60_000);
      const seconds = (performance.now() - started) / 1_000;
      await issueToken(controlPlane, 'metrics', 'telegraf');

      const status = await readFile(`/proc/${container.pid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      const mounts = await readFile(`/proc/${container.pid}/mountinfo`, 'utf8');
      expect(mounts).toMatch(/^\d+ \d+ \S+ \S+ \/ ro[, ]/m);
      const [memory, peak] = ['VmRSS', 'VmHWM'].map((name) => bytes(status, name));
      expect(memory).toBeLessThan(REQUESTED);
      console.log(
        `ready after ${seconds.toFixed(1)} s; ${mebibytes(memory)} MiB resident, ${mebibytes(peak)} MiB at most`,
      );

      await container.stop('SIGTERM');
      expect(await container.ended).toBe('ended with exit code 0');
    });

    async function kubectl(...args: readonly string[]): Promise<string> {
      const { code, stdout, stderr } = await controlPlane.kubectl(args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    }
  });
}

function bytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024;
}

function mebibytes(size = Number.NaN): number {
  return Math.round(size / MEBIBYTE);
}
