import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { GuardedProcesses } from '../../guarded-processes.ts';
import type { DecodedSecret } from '../../operator/objects.ts';
import type { Scene } from '../../operator/scene.ts';
import { Stage } from '../../operator/stage.ts';
import { isOurs } from '../../resources/manifests.ts';
import type { RecordedRequest } from '../../simulator/simulator.ts';
import { waitFor } from '../../wait.ts';
import { MountedSecret } from './mounted-secret.ts';
import { telegraf } from './telegraf.ts';

jest.setTimeout(120_000);

const EXAMPLES = join(import.meta.dirname, '../../../examples/consumers');

let program: string;
let stage: Stage;
let processes: GuardedProcesses;

beforeAll(async () => {
  program = await telegraf();
  processes = await GuardedProcesses.create('influxtokens-telegraf');
  stage = await Stage.start();
}, 600_000);

afterAll(async () => {
  await stage.stop();
  await processes.end();
});

/** The example of a file, with its token issued and its configuration saved. */
interface Example {
  readonly scene: Scene;
  readonly secret: DecodedSecret;
  readonly config: string;
  /** What Telegraf has asked of the data API so far. */
  readonly writes: () => readonly RecordedRequest[];
  /** Waits for so many more writes that are answered with a status. */
  readonly waitForWrites: (status: number, count: number) => Promise<void>;
}

async function example(name: string, file: string, folder = ''): Promise<Example> {
  const scene = await stage.scene(name);
  const manifests = loadAll(await readFile(join(EXAMPLES, file), 'utf8'));
  const asked = manifests.find(isOurs);
  await scene.apply('telegraf', { ...asked?.spec, clusterRef: { name: scene.cluster } });
  await scene.waitForReason('telegraf', 'Issued');
  const secret = await scene.secret('telegraf');
  const authority = join(processes.directory, `${name}-ca.pem`);
  await writeFile(authority, scene.simulator.caBundle);
  const config = join(processes.directory, `${name}.conf`);
  await writeFile(config, here(configurationOf(manifests), folder, scene.simulator.dataURL, authority));
  const writes = (): readonly RecordedRequest[] =>
    scene.simulator.requests.filter(
      ({ userAgent, path }) => userAgent.startsWith('Telegraf/') && path.startsWith('/api/v2/write'),
    );
  const waitForWrites = async (status: number, count: number): Promise<void> => {
    const answered = (): number => writes().filter((write) => write.status === status).length;
    const before = answered();
    await waitFor(() => answered() >= before + count, { what: `${count} writes that are answered with ${status}` });
  };
  return { scene, secret, config, writes, waitForWrites };
}

/** Telegraf at work, with the token in a mounted Secret. */
interface AtWork extends Example {
  readonly mounted: MountedSecret;
  readonly log: () => Promise<string>;
}

async function atWork(name: string): Promise<AtWork> {
  const folder = join(processes.directory, `${name}-secret`);
  const made = await example(name, 'telegraf-file.yaml', folder);
  const mounted = await MountedSecret.mount(folder, made.secret.data);
  await processes.start({ name, command: program, args: ['--config', made.config] });
  const log = (): Promise<string> => readFile(join(processes.directory, `${name}.log`), 'utf8');
  return { ...made, mounted, log };
}

/** Asks for a rotation, and answers the Secret after it. */
async function rotated({ scene, secret }: Example): Promise<DecodedSecret> {
  await scene.annotate('telegraf', { 'influxtokens.dev/rotate': 'monday' });
  return waitFor(
    async () => {
      const now = await scene.secret('telegraf');
      return now.data['INFLUX_TOKEN'] !== secret.data['INFLUX_TOKEN'] && now;
    },
    { what: 'the successor' },
  );
}

/** As if the overlap were over. */
function revokeFormer({ scene, secret }: Example): void {
  scene.simulator.revokeToken(secret.metadata.annotations?.['influxtokens.dev/token-id'] ?? '');
}

/** The configuration in the ConfigMap of the example. */
function configurationOf(manifests: readonly unknown[]): string {
  const map = manifests.find((manifest): manifest is { data: Record<string, string> } =>
    JSON.stringify(manifest).includes('"kind":"ConfigMap"'),
  );
  return map?.data['telegraf.conf'] ?? '';
}

/** The same, with the places of this machine and at a pace for tests. */
function here(configuration: string, folder: string, url: string, authority: string): string {
  return configuration
    .replace('/run/influxdb', folder)
    .replace('urls = ["https://influxdb.example.com"]', `urls = ["${url}"]`)
    .replace('organization = ""', `organization = ""\n  tls_ca = "${authority}"`)
    .replace('interval = "10s"', 'interval = "100ms"')
    .replace('flush_interval = "10s"', 'flush_interval = "100ms"');
}

test('Telegraf follows a rotation without a restart and without a failed write', async () => {
  const running = await atWork('rotate');
  const { mounted, writes, waitForWrites } = running;
  await waitForWrites(204, 3);
  const after = await rotated(running);
  // The kubelet takes its time; the old token lives on.
  await waitForWrites(204, 3);
  await mounted.update(after.data);
  await waitForWrites(204, 3);
  revokeFormer(running);
  await waitForWrites(204, 5);
  expect(new Set(writes().flatMap(({ status }) => status ?? []))).toEqual(new Set([204]));
});

test('Telegraf with its token in the environment follows a rotation by a restart within the overlap', async () => {
  const running = await example('environment', 'telegraf-environment.yaml');
  const { secret, config, writes, waitForWrites } = running;
  const command = { command: program, args: ['--config', config] };
  const first = await processes.start({ name: 'before', ...command, env: secret.data });
  await waitForWrites(204, 3);
  const after = await rotated(running);
  await waitForWrites(204, 3);
  await first.stop('SIGTERM');
  await processes.start({ name: 'after', ...command, env: after.data });
  await waitForWrites(204, 3);
  revokeFormer(running);
  await waitForWrites(204, 5);
  expect(new Set(writes().flatMap(({ status }) => status ?? []))).toEqual(new Set([204]));
  expect(new Set(writes().map(({ path }) => new URL(path, 'https://any').searchParams.get('bucket')))).toEqual(
    new Set(['sensors']),
  );
});

test('after a leak Telegraf is locked out until the file is updated, loses nothing, and goes on by itself', async () => {
  const { scene, secret, mounted, waitForWrites, log } = await atWork('leak');
  await waitForWrites(204, 3);
  await scene.annotate('telegraf', { 'influxtokens.dev/rotate-immediately': 'leaked' });
  await waitForWrites(401, 2);
  const after = await scene.secret('telegraf');
  expect(after.data['INFLUX_TOKEN']).not.toBe(secret.data['INFLUX_TOKEN']);
  await mounted.update(after.data);
  await waitForWrites(204, 3);
  expect(await log()).not.toMatch(/dropped|discard/i);
});
