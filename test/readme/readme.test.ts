import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import { OPERATOR_NAMESPACE, OperatorProcess } from '../operator/operator-process.ts';
import { valuesOf } from '../demo/manifests.ts';
import { Simulator } from '../simulator/simulator.ts';
import { codeBlocks, README, ROOT, section } from './readme.ts';

let controlPlane: ControlPlane;
let simulator: Simulator;
let processes: GuardedProcesses;
let folder: string;

// One of its own: the operator of this test works in all namespaces.
beforeAll(async () => {
  controlPlane = await startControlPlane();
  simulator = await Simulator.start({ databases: ['sensors'] });
  processes = await GuardedProcesses.create('influxtokens-readme-operator');
  folder = await mkdtemp(join(tmpdir(), 'influxtokens-readme-'));
}, 120_000);

afterAll(async () => {
  await processes.end();
  await simulator.stop();
  await controlPlane.stop();
  await rm(folder, { recursive: true });
});

/** Runs lines as a person would in a shell, in the folder, kubectl being that of the control plane; throws when one fails. */
async function shell(lines: readonly string[]): Promise<string> {
  const { assets } = await controlPlane.connection();
  const child = spawn('sh', ['-e', '-c', lines.join('\n')], {
    cwd: folder,
    env: { PATH: `${assets}:${process.env.PATH}`, KUBECONFIG: controlPlane.adminKubeconfig, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`${lines.join('\n')}\n${stderr}`);
  return stdout;
}

/** Puts what the README tells people to have and to save into the folder. */
async function prepare([cluster = '', token = '']: readonly string[]): Promise<void> {
  const { INFLUXDB_URL, INFLUXDB_CA } = valuesOf(simulator);
  await cp(join(ROOT, 'deploy'), join(folder, 'deploy'), { recursive: true });
  await cp(join(ROOT, 'crds'), join(folder, 'crds'), { recursive: true });
  await writeFile(join(folder, 'management-token.txt'), `${simulator.adminToken}\n`);
  const here = `${INFLUXDB_URL}\n  tls: { caBundle: ${INFLUXDB_CA} }`;
  await writeFile(join(folder, 'influxdb-cluster.yaml'), cluster.replace('https://influxdb.example.com', here));
  await writeFile(join(folder, 'telegraf.yaml'), token);
}

test('the quick start works as the README has it, with the rights that deploy gives', async () => {
  const quickStart = section('On your own cluster');
  await prepare(codeBlocks('yaml', quickStart));
  const [install = [], ...rest] = codeBlocks('sh', quickStart).map((block) => block.trimEnd().split('\n'));

  // There is nobody to pull an image here, so the operator runs beside, under the account of the Deployment.
  expect(install[0]).toMatch(/^docker build /);
  await shell(install.slice(1));
  const kubeconfig = await controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'influxtokens-operator');
  await OperatorProcess.start({ processes, name: 'operator', kubeconfig, flags: [] });

  const output = await shell(rest.flat());
  const [shown = ''] = codeBlocks('text', quickStart);
  const words = (table: string): string[] => table.replaceAll(/\d+s/g, '').split(/\s+/).filter(Boolean);
  expect(words(output.slice(output.lastIndexOf('NAME')))).toEqual(words(shown));

  const remove = 'kubectl -n metrics delete databasetoken telegraf';
  expect(README).toContain(`\`${remove}\``);
  await shell([remove]);
  expect(simulator.tokens()).toEqual([expect.objectContaining({ revokedAt: expect.any(Number) })]);
}, 120_000);
