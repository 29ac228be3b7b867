// The place where one side is measured once: a namespace, a simulator and an InfluxDBCluster of its own, and the processes on it.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FINALIZER } from '../../src/resources/group.ts';
import type { AuditEvent } from '../controlplane/audit.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { RemoteSimulator } from '../simulator/remote.ts';
import { waitFor } from '../wait.ts';
import { AuditTail } from './audit-tail.ts';
import { CPUMeter, processCPU } from './cpu.ts';
import type { Address, Endpoint } from './endpoint.ts';
import { clusterPath, databaseToken, influxDBCluster, namespacePath, secretPath, tokenPath } from './objects.ts';
import { OperatorProcess, type OperatorSetup } from './operator-process.ts';
import { eachOf } from './parallel.ts';
import { RawProcess } from './raw/raw-process.ts';
import type { Setting, Side } from './scenario.ts';
import { SecretWatch } from './secret-watch.ts';

/** What all stages of a run share. */
export interface Theatre {
  readonly controlPlane: ControlPlane;
  readonly kubernetes: Endpoint;
  readonly address: Address;
  readonly operator: OperatorSetup;
}

/** The credential that every simulator takes. */
export const ADMIN_TOKEN = `admin-${randomBytes(24).toString('hex')}`;

/** By them the API server's audit log tells who asked: the operator puts its version behind it. */
const RAW_USER_AGENT = 'influxtokens-bench-raw';
const OPERATOR_USER_AGENT = 'influxdb-token-operator';

const FINALIZER_POLICY = join(import.meta.dirname, '../../deploy/components/finalizer-policy');
const MERGE_PATCH = 'application/merge-patch+json';
const CLEANUP_TIMEOUT = 120_000;
const SETTLE_TIMEOUT = 60_000;
const SETTLE_TIMEOUT_PER_TOKEN = 50;
/** As many as keep the API server busy without a long queue in front of it. */
const WORKERS = 16;

/** Everything that a scenario needs to measure one side. */
export class Stage {
  readonly side: Side;
  /** How many tokens are wanted. */
  readonly tokens: number;
  /** Of the token objects; the InfluxDBCluster has the same name. */
  readonly namespace: string;
  readonly simulator: RemoteSimulator;
  /** What is asked of the API server in the namespace. */
  readonly audit: AuditTail;
  readonly #theatre: Theatre;
  readonly #cleanups: (() => Promise<void>)[] = [];
  readonly #pids: number[] = [];
  #operator: OperatorProcess | undefined;

  private constructor(theatre: Theatre, side: Side, tokens: number, parts: Parts) {
    this.#theatre = theatre;
    this.side = side;
    this.tokens = tokens;
    this.namespace = parts.namespace;
    this.simulator = parts.simulator;
    this.audit = parts.audit;
  }

  /** Sets everything up, as fresh as in every other round. */
  static async open(theatre: Theatre, side: Side, tokens: number, setting: Setting = {}): Promise<Stage> {
    const { controlPlane } = theatre;
    const namespace = `bench-${side}-${randomBytes(4).toString('hex')}`;
    const simulator = await RemoteSimulator.start(['--admin-token', ADMIN_TOKEN, ...(setting.simulator ?? [])]);
    await controlPlane.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      influxDBCluster(namespace, namespace, simulator.ready),
    ]);
    const audit = await AuditTail.begin(controlPlane.directory, namespace);
    const stage = new Stage(theatre, side, tokens, { namespace, simulator, audit });
    if (setting.finalizerPolicy === true && side === 'operator') await stage.#installPolicy();
    return stage;
  }

  /** Counts CPU time from now on, of this process above all. */
  meter(subject: number): Promise<CPUMeter> {
    const { apiServer, etcd, controllerManager } = this.#theatre.controlPlane.processes;
    const all = [process.pid, this.simulator.ready.pid, etcd, controllerManager, ...this.#pids];
    const others = all.filter((pid) => pid !== subject);
    return CPUMeter.start({ subject, apiServer, others });
  }

  /** Creates the objects, which nobody serves as long as no operator runs. */
  async createTokens(): Promise<void> {
    const names = Array.from({ length: this.tokens }, (_, index) => `token-${index}`);
    await eachOf(names, WORKERS, async (name) => {
      const body = databaseToken(this.namespace, this.namespace, name);
      await this.#theatre.kubernetes.ask({ method: 'POST', path: tokenPath(this.namespace), body });
    });
  }

  /** Starts a raw loop; it knows of the objects that are there now. */
  async startRaw(workers: number): Promise<RawProcess> {
    const { address } = this.#theatre;
    const { url, caBundle } = this.simulator.ready;
    const raw = await RawProcess.start({
      kubernetes: { ...address, userAgent: RAW_USER_AGENT },
      influxDB: { origin: url, ca: caBundle, bearer: ADMIN_TOKEN, userAgent: RAW_USER_AGENT },
      namespace: this.namespace,
      cluster: this.namespace,
      workers,
    });
    this.#cleanups.push(() => raw.stop());
    this.#pids.push(raw.pid);
    return raw;
  }

  /** Starts the operator, which is not ready yet then. */
  async startOperator(): Promise<OperatorProcess> {
    const running = await OperatorProcess.start(this.#theatre.operator);
    if (this.#operator === undefined) this.#cleanups.push(() => this.stopOperator());
    this.#operator = running;
    this.#pids.push(running.pid);
    return running;
  }

  /** Ends the operator; another one may be started then. */
  async stopOperator(): Promise<void> {
    const operator = this.#operator;
    if (operator === undefined) return;
    const at = this.#pids.indexOf(operator.pid);
    if (at >= 0) this.#pids.splice(at, 1);
    await operator.stop();
  }

  /** CPU time of an operator that has become ready with nothing to do, in milliseconds. */
  async idleOperatorCPU(): Promise<number> {
    const running = await OperatorProcess.start({ ...this.#theatre.operator, profile: undefined });
    try {
      await running.ready();
      return await processCPU(running.pid);
    } finally {
      await running.stop();
    }
  }

  /** Begins to see when Secrets appear. */
  async watchSecrets(): Promise<SecretWatch> {
    const watch = await SecretWatch.begin(this.#theatre.kubernetes, this.namespace);
    this.#cleanups.push(() => watch.end());
    return watch;
  }

  /** Waits until every object has a token and says so: what was not done must not be measured. */
  async settled(): Promise<void> {
    const timeout = SETTLE_TIMEOUT + this.tokens * SETTLE_TIMEOUT_PER_TOKEN;
    await this.audit.statusesWritten(this.tokens, timeout);
    const allReady = async (): Promise<boolean> => {
      const not = (await this.#tokens()).find((token) => !isReady(token));
      if (not !== undefined) throw new Error(`${not.metadata.name}: ${JSON.stringify(not.status)}`);
      return true;
    };
    await waitFor(allReady, { what: 'every token to be ready', timeout });
  }

  /** What this side has asked the API server in the namespace, oldest first; its lists and watches of all namespaces come on top. */
  async requests(): Promise<readonly AuditEvent[]> {
    const who = this.side === 'raw' ? RAW_USER_AGENT : OPERATOR_USER_AGENT;
    return (await this.audit.events()).filter(({ userAgent }) => userAgent?.startsWith(who));
  }

  /** Waits until this side has asked neither server anything for so many milliseconds. */
  async quiet(milliseconds: number): Promise<void> {
    const asked = async (): Promise<number> =>
      (await this.requests()).length + (await this.simulator.requests()).length;
    let before = -1;
    const still = async (): Promise<boolean> => {
      const now = await asked();
      const same = now === before;
      before = now;
      if (!same) await sleep(milliseconds);
      return same;
    };
    await waitFor(still, { what: 'the operator to have nothing to do', timeout: SETTLE_TIMEOUT * 5 });
  }

  /** Gives the first so many objects other permissions, which are to be changed in place. */
  async changePermissions(count: number): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => `token-${index}`);
    const permissions = [{ action: 'read', resource: 'sensors' }];
    await eachOf(names, WORKERS, async (name) => {
      await this.#theatre.kubernetes.ask({
        method: 'PATCH',
        path: tokenPath(this.namespace, name),
        contentType: MERGE_PATCH,
        body: { spec: { permissions } },
      });
    });
  }

  /** Creates Secrets that are none of the operator's. */
  async createForeignSecrets(count: number): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => `foreign-${index}`);
    await eachOf(names, WORKERS, async (name) => {
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { password: name } };
      await this.#theatre.kubernetes.ask({ method: 'POST', path: secretPath(this.namespace), body });
    });
  }

  /** Deletes the namespace and waits until it is gone. */
  async deleteNamespace(): Promise<void> {
    const { kubernetes } = this.#theatre;
    const path = namespacePath(this.namespace);
    await kubernetes.ask({ method: 'DELETE', path });
    const timeout = CLEANUP_TIMEOUT + this.tokens * SETTLE_TIMEOUT_PER_TOKEN;
    await waitFor(() => this.#isGone(path), { what: `the end of the namespace ${this.namespace}`, timeout });
  }

  /** What there is to say about a measurement that failed. */
  async explain(): Promise<string> {
    const words = (await this.#operator?.lastWords()) ?? '';
    return `${this.side} in ${this.namespace} failed${words === '' ? '' : `; the operator's last words:\n${words}`}`;
  }

  /** Ends what was started here and removes what was made, so that the next stage finds the machine at rest. */
  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.toReversed()) await cleanup();
    await this.simulator.stop();
    const { kubernetes } = this.#theatre;
    const items = await this.#tokens();
    // Nobody is left to revoke anything, nor anything to be revoked.
    await eachOf(items, WORKERS, ({ metadata }) => this.#removeFinalizers(tokenPath(this.namespace, metadata.name)));
    await this.#removeFinalizers(clusterPath(this.namespace));
    await kubernetes.ask({ method: 'DELETE', path: clusterPath(this.namespace) });
    if (!(await this.#isGone(namespacePath(this.namespace)))) await this.deleteNamespace();
  }

  #isGone(path: string): Promise<boolean> {
    return this.#theatre.kubernetes.ask({ method: 'GET', path }).then(
      () => false,
      (error: unknown) => String(error).includes('answered with 404'),
    );
  }

  /** The policy of deploy/, until the stage is closed. */
  async #installPolicy(): Promise<void> {
    const { controlPlane, kubernetes } = this.#theatre;
    const run = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await controlPlane.kubectl([...args, '-k', FINALIZER_POLICY]);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    };
    await run('apply', '--server-side');
    this.#cleanups.push(() => run('delete'));
    const path = `${tokenPath(this.namespace)}?dryRun=All`;
    const body = databaseToken(this.namespace, this.namespace, 'attempt');
    const inForce = async (): Promise<boolean> =>
      (await kubernetes.ask({ method: 'POST', path, body })).includes(FINALIZER);
    await waitFor(inForce, { what: 'the policy to be in force' });
  }

  async #tokens(): Promise<readonly ListedToken[]> {
    const list = await this.#theatre.kubernetes.ask({ method: 'GET', path: tokenPath(this.namespace) });
    const { items }: { items: ListedToken[] } = JSON.parse(list);
    return items;
  }

  async #removeFinalizers(path: string): Promise<void> {
    await this.#theatre.kubernetes.ask({
      method: 'PATCH',
      path,
      contentType: MERGE_PATCH,
      body: { metadata: { finalizers: null } },
    });
  }
}

interface Parts {
  readonly namespace: string;
  readonly simulator: RemoteSimulator;
  readonly audit: AuditTail;
}

interface ListedToken {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isReady({ status }: ListedToken): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}
