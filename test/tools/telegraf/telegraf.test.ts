import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { GuardedProcesses, type GuardedProcess } from '../../guarded-processes.ts';
import type { DecodedSecret } from '../../operator/objects.ts';
import type { Scene } from '../../operator/scene.ts';
import { Stage } from '../../operator/stage.ts';
import { isOurs } from '../../resources/manifests.ts';
import type { RecordedRequest } from '../../simulator/simulator.ts';
import { waitFor } from '../../wait.ts';
import { MountedSecret } from './mounted-secret.ts';
import { telegraf } from './telegraf.ts';

jest.setTimeout(120_000);

const EXAMPLE = join(import.meta.dirname, '../../../examples/consumers/telegraf-file.yaml');

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

/** Telegraf at work, with the token of the example. */
interface AtWork {
  readonly scene: Scene;
  readonly secret: DecodedSecret;
  readonly mounted: MountedSecret;
  readonly process: GuardedProcess;
  /** What it has asked of the data API so far. */
  readonly writes: () => readonly RecordedRequest[];
  /** Waits for so many more writes that are answered with a status. */
  readonly waitForWrites: (status: number, count: number) => Promise<void>;
  readonly log: () => Promise<string>;
}

async function atWork(name: string): Promise<AtWork> {
  const scene = await stage.scene(name);
  const manifests = loadAll(await readFile(EXAMPLE, 'utf8'));
  const asked = manifests.find(isOurs);
  await scene.apply('telegraf', { ...asked?.spec, clusterRef: { name: scene.cluster } });
  await scene.waitForReason('telegraf', 'Issued');
  const secret = await scene.secret('telegraf');
  const mounted = await MountedSecret.mount(join(processes.directory, `${name}-secret`), secret.data);
  const authority = join(processes.directory, `${name}-ca.pem`);
  await writeFile(authority, scene.simulator.caBundle);
  const config = join(processes.directory, `${name}.conf`);
  await writeFile(config, here(configurationOf(manifests), mounted.path, scene.simulator.dataURL, authority));
  const process = await processes.start({ name, command: program, args: ['--config', config] });
  const writes = (): readonly RecordedRequest[] =>
    scene.simulator.requests.filter(
      ({ userAgent, path }) => userAgent.startsWith('Telegraf/') && path.startsWith('/api/v2/write'),
    );
  const waitForWrites = async (status: number, count: number): Promise<void> => {
    const answered = (): number => writes().filter((write) => write.status === status).length;
    const before = answered();
    await waitFor(() => answered() >= before + count, { what: `${count} writes that are answered with ${status}` });
  };
  const log = (): Promise<string> => readFile(join(processes.directory, `${name}.log`), 'utf8');
  return { scene, secret, mounted, process, writes, waitForWrites, log };
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
    .replace('urls = ["https://influxdb.example.com"]', `urls = ["${url}"]\n  tls_ca = "${authority}"`)
    .replace('interval = "10s"', 'interval = "100ms"')
    .replace('flush_interval = "10s"', 'flush_interval = "100ms"');
}

test('Telegraf follows a rotation without a restart and without a failed write', async () => {
  const { scene, secret, mounted, writes, waitForWrites } = await atWork('rotate');
  await waitForWrites(204, 3);
  await scene.annotate('telegraf', { 'influxtokens.dev/rotate': 'monday' });
  const after = await waitFor(
    async () => {
      const now = await scene.secret('telegraf');
      return now.data['INFLUX_TOKEN'] !== secret.data['INFLUX_TOKEN'] && now;
    },
    { what: 'the successor' },
  );
  // The kubelet takes its time; the old token lives on.
  await waitForWrites(204, 3);
  await mounted.update(after.data);
  await waitForWrites(204, 3);
  const old = secret.metadata.annotations?.['influxtokens.dev/token-id'] ?? '';
  scene.simulator.revokeToken(old);
  await waitForWrites(204, 5);
  expect(new Set(writes().flatMap(({ status }) => status ?? []))).toEqual(new Set([204]));
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
