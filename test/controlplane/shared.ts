// The one control plane of a jest run: started before the first test, ended after the last, used by the workers in between.

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ControlPlaneClient, type Connection } from './control-plane-client.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

/** Names the file with the connection; the workers inherit it. */
const variable = 'TEST_CONTROL_PLANE';

let running: ControlPlane | undefined;

/** Starts it: for jest's globalSetup. */
export async function startSharedControlPlane(): Promise<void> {
  running = await startControlPlane();
  const path = join(running.directory, 'connection.json');
  await writeFile(path, JSON.stringify(await running.connection()));
  process.env[variable] = path;
}

/** Ends it: for jest's globalTeardown, in the same process. */
export async function stopSharedControlPlane(): Promise<void> {
  await running?.stop();
}

/** The control plane that all test files use, each in namespaces of its own. A test that disturbs it must start one instead. */
export async function sharedControlPlane(): Promise<ControlPlaneClient> {
  const path = process.env[variable];
  if (path === undefined) {
    throw new Error('no control plane was started: run this test in the jest project "integration"');
  }
  const connection: Connection = JSON.parse(await readFile(path, 'utf8'));
  return ControlPlaneClient.attach(connection);
}

/** Creates a namespace that no other test has, its name beginning with `prefix`. */
export async function testNamespace(controlPlane: ControlPlaneClient, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await controlPlane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}
