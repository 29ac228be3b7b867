// The one control plane of a jest run: started before the first test, ended after the last, used by the workers in between.

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ControlPlaneClient, type Connection } from './control-plane-client.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

/** Names its folder; the workers inherit it. */
const variable = 'TEST_CONTROL_PLANE';
/** The file in a control plane's folder that `leaveConnection` writes. */
export const CONNECTION = 'connection.json';

let running: ControlPlane | undefined;

/** Starts it: for jest's globalSetup. */
export async function startSharedControlPlane(): Promise<void> {
  running = await startControlPlane();
  await leaveConnection(running);
  process.env[variable] = running.directory;
}

/** Ends it: for jest's globalTeardown, in the same process. */
export async function stopSharedControlPlane(): Promise<void> {
  await running?.stop();
}

/** The control plane that all test files use, each in namespaces of its own. A test that disturbs it must start one instead. */
export async function sharedControlPlane(): Promise<ControlPlaneClient> {
  const directory = process.env[variable];
  if (directory === undefined) {
    throw new Error('no control plane was started: run this test in the jest project "integration"');
  }
  return attachTo(directory);
}

/** Leaves in the folder of a control plane what other processes, and modules that are loaded anew, need to use it. */
export async function leaveConnection(controlPlane: ControlPlane): Promise<void> {
  await writeFile(join(controlPlane.directory, CONNECTION), JSON.stringify(await controlPlane.connection()));
}

/** The control plane in whose folder that was left. */
export async function attachTo(directory: string): Promise<ControlPlaneClient> {
  const connection: Connection = JSON.parse(await readFile(join(directory, CONNECTION), 'utf8'));
  return ControlPlaneClient.attach(connection);
}

/** Creates a namespace that no other test has, its name beginning with `prefix`. */
export async function testNamespace(controlPlane: ControlPlaneClient, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await controlPlane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}
