import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Agent, request } from 'undici';
import type { Condition } from '../../src/resources/conditions.ts';
import { StandIn } from '../influxctl/install.ts';
import { browserOf, type StandInOptions } from '../influxctl/stand-in.ts';
import { portOf } from '../port-of.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';
import { finale } from '../operator/finale.ts';
import { processesWith } from '../operator/processes.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';

jest.setTimeout(300_000);

/** The operator kills a run after 45 s, and waits for up to a minute before it tries again. */
const PATIENCE = 150_000;

let folder: string;
let stage: Stage;
const installed: StandIn[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'influxtokens-influxctl-'));
  stage = await Stage.borrow({ operatorFlags: [`--influxctl=${join(folder, 'influxctl')}`] });
});

afterAll(async () => {
  await stage.stop();
  await Promise.all(installed.map((command) => command.close()));
  await rm(folder, { recursive: true });
});

/** Puts the command where the operator looks for it. */
async function install(options: StandInOptions = {}): Promise<void> {
  installed.push(await StandIn.install(folder, options));
}

/** Waits until Ready is False for this reason and says this, for longer than a scene would. */
function told(scene: Scene, reason: string, words: string): Promise<Condition> {
  return waitFor(
    async () => {
      const conditions = (await scene.token('automation')).status?.conditions ?? [];
      const ready = conditions.find(({ type }) => type === 'Ready');
      if (ready?.reason === reason && ready.message.includes(words)) return ready;
      throw new Error(JSON.stringify(conditions));
    },
    { what: `${reason}: ${words}`, timeout: PATIENCE },
  );
}

test('a command that is missing, cannot be run, is another one or too old is told each time, until it is the right one', async () => {
  const command = join(folder, 'influxctl');
  const scene = await stage.scene('installed', { kind: 'ManagementToken' });
  await scene.apply('automation');
  await told(
    scene,
    'InfluxctlMissing',
    `${command} cannot be run (ENOENT); install influxctl there, or correct --influxctl`,
  );
  await writeFile(command, '#!/bin/sh\n');
  await told(scene, 'InfluxctlMissing', `${command} cannot be run (EACCES)`);
  await chmod(command, 0o755);
  await told(scene, 'InfluxctlMissing', `${command} version does not tell a version; point --influxctl at influxctl`);
  await install({ version: '2.9.8' });
  await told(scene, 'InfluxctlMissing', `${command} is version 2.9; install influxctl 2.10.0 or later`);
  expect(scene.simulator.tokens()).toEqual([]);
  await install();
  await told(scene, 'Issued', 'is live');
  expect(scene.simulator.tokens()).toHaveLength(1);
});

test('a command that wants a person to log in is killed with all that it started, and holds up nobody else', async () => {
  const scene = await stage.scene('login', { kind: 'ManagementToken' });
  const tenant = await stage.scene('login-tenant', { clusterName: scene.cluster, without: ['cluster', 'credential'] });
  await scene.createCluster({
    access: [
      { name: 'platform', namespaces: { names: [scene.namespace] }, managementTokens: 'Allow' },
      { name: 'tenant', namespaces: { names: [tenant.namespace] }, databases: ['sensors'], actions: ['read'] },
    ],
  });
  const { hostname, port } = new URL(scene.simulator.url);
  // What the HTTP API takes and influxctl does not: a JWT, say.
  scene.simulator.inject({ kind: 'status', status: 401, path: '/-/management/' });
  await scene.apply('automation');
  const started = await waitFor(
    async () => {
      const [browsers, commands] = [await processesWith(browserOf(hostname, port)), await runs()];
      return browsers.length > 0 && commands.length > 0 && [...browsers, ...commands];
    },
    { what: 'a login to begin' },
  );
  await tenant.apply('reader');
  await tenant.waitForReason('reader', 'Issued');

  const rejected = await told(scene, 'CredentialsRejected', 'it wanted a person to log in');
  expect(rejected.message).toContain('put one into the Secret that spec.credentials.secretRef names');
  const running = new Set([...(await processesWith(browserOf(hostname, port))), ...(await runs())]);
  expect(started.filter((pid) => running.has(pid))).toEqual([]);
  expect(scene.simulator.tokens().filter(({ management }) => management)).toEqual([]);

  // A credential that both take.
  scene.simulator.clearFaults();
  scene.simulator.adminToken = 'admin-c0ffee0000000000000000000000c0ffee';
  await scene.createCredential();
  await told(scene, 'Issued', 'is live');
  await waitFor(async () => (await processesWith(browserOf(hostname, port))).length === 0, {
    what: 'all that was started for a login to be gone',
  });
});

test('a credential that is replaced while a command waits for a login is used at once, and the wait is told to nobody', async () => {
  await install();
  const scene = await stage.scene('relogin', { kind: 'ManagementToken' });
  const { hostname, port } = new URL(scene.simulator.url);
  scene.simulator.inject({ kind: 'status', status: 401, path: '/-/management/' });
  await scene.apply('automation');
  const browsers = (): Promise<readonly number[]> => processesWith(browserOf(hostname, port));
  await waitFor(async () => (await browsers()).length > 0, { what: 'a login to begin' });
  scene.simulator.clearFaults();
  scene.simulator.adminToken = 'admin-c0ffee0000000000000000000000beef';
  await scene.createCredential();
  await told(scene, 'Issued', 'is live');
  await waitFor(async () => (await browsers()).length === 0, { what: 'all that was started for a login to be gone' });
  // As it is told of a command that is waited for to the end.
  const log = (await stage.operatorLog()).split('\n').filter((line) => line.includes(scene.namespace));
  expect(log.filter((line) => line.includes('wanted a person to log in'))).toEqual([]);
});

/** Runs of the command for this operator. */
function runs(): Promise<readonly number[]> {
  return processesWith(`${stage.temporary}/influxtokens-`);
}

test('a URL with a path, which no profile can express, is told, and DatabaseTokens are issued there all the same', async () => {
  const scene = await stage.scene('path', { kind: 'ManagementToken', without: ['cluster'] });
  const tenant = await stage.scene('path-tenant', { clusterName: scene.cluster, without: ['cluster', 'credential'] });
  const proxy = await proxyWithPath(scene.simulator);
  try {
    await scene.createCluster({
      url: `http://127.0.0.1:${proxy.port}/influxdb`,
      allowPlaintext: true,
      access: [
        { name: 'platform', namespaces: { names: [scene.namespace] }, managementTokens: 'Allow' },
        { name: 'tenant', namespaces: { names: [tenant.namespace] }, databases: ['sensors'], actions: ['read'] },
      ],
    });
    await tenant.apply('reader');
    await scene.apply('automation');
    await told(scene, 'InvalidSpec', 'has the path /influxdb, which a profile of influxctl cannot express');
    await told(scene, 'InvalidSpec', 'make the Management API reachable without a path, and put that into spec.url');
    await tenant.waitForReason('reader', 'Issued');
    expect(scene.simulator.tokens().filter(({ management }) => management)).toEqual([]);

    await scene.changeCluster({ spec: { url: scene.simulator.url } });
    await told(scene, 'Issued', 'is live');
  } finally {
    await proxy.close();
  }
});

/** An ingress that serves the Management API below `/influxdb`. */
async function proxyWithPath(simulator: Simulator): Promise<{ port: number; close: () => Promise<void> }> {
  const dispatcher = new Agent({ connect: { ca: simulator.caBundle } });
  const server: Server = createServer((asked, answer) => {
    void (async (): Promise<void> => {
      const { method = 'GET', url = '', headers } = asked;
      const { authorization = '', 'content-type': contentType = '' } = headers;
      const path = url.replace(/^\/influxdb/, '');
      const chunks: Buffer[] = [];
      for await (const chunk of asked) chunks.push(Buffer.from(chunk));
      const { statusCode, body } = await request(new URL(path, simulator.url), {
        dispatcher,
        method: method === 'POST' ? 'POST' : method === 'DELETE' ? 'DELETE' : 'GET',
        headers: { authorization, 'content-type': contentType },
        body: chunks.length === 0 ? null : Buffer.concat(chunks),
      });
      answer.writeHead(statusCode, { 'content-type': 'application/json' });
      answer.end(Buffer.from(await body.arrayBuffer()));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await dispatcher.close();
    },
  };
}

finale(() => stage);
