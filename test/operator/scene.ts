// What one test plays in: a namespace, a simulated InfluxDB and the InfluxDBCluster that leads to it, all its own.

import { randomBytes } from 'node:crypto';
import type { Condition } from '../../src/resources/conditions.ts';
import type { TokenKind } from '../../src/resources/group.ts';
import type { InfluxDBCluster } from '../../src/resources/influxdb-cluster.ts';
import type { Reason } from '../../src/resources/reasons.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { cluster, databaseToken, managementToken, named, type Manifest } from '../resources/manifests.ts';
import { Client } from '../simulator/client.ts';
import { Simulator, type SimulatedToken } from '../simulator/simulator.ts';
import type { RecordedRequest, SimulatorOptions } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';
import {
  applyTo,
  deleteAt,
  eventsOf,
  mergeInto,
  orUndefined,
  paths,
  readSecret,
  type DecodedSecret,
} from './objects.ts';
import { OPERATOR_NAMESPACE } from './operator-process.ts';
import type { Stage } from './stage.ts';

/** What is otherwise than usual. */
export interface SceneOptions {
  /** Of the tokens that are played with; DatabaseToken unless told. The stage has to have influxctl for the other. */
  readonly kind?: TokenKind;
  readonly simulator?: SimulatorOptions;
  /** A namespace that is there already, in place of a new one. */
  readonly namespace?: string;
  /** Of the InfluxDBCluster; unless told, a name that no other scene has. */
  readonly clusterName?: string;
  /** Fields of the InfluxDBCluster's spec that win over the usual ones. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  /** What is not there at first. */
  readonly without?: readonly ('cluster' | 'credential')[];
}

/** By kind of token, which requests go to its API; those of management tokens come through influxctl. */
const API_PATHS: Readonly<Record<TokenKind, RegExp>> = {
  DatabaseToken: /^\/api\/v0\/(?!-)/,
  ManagementToken: /^\/api\/v0\/-\/management\//,
};

/** The stage as one test sees it. */
export class Scene {
  readonly stage: Stage;
  readonly kind: TokenKind;
  readonly namespace: string;
  /** The name of the InfluxDBCluster, and of its credential. */
  readonly cluster: string;
  readonly simulator: Simulator;
  readonly #clusterSpec: Manifest['spec'];
  readonly #client: Client;

  private constructor(stage: Stage, namespace: string, simulator: Simulator, options: SceneOptions) {
    this.stage = stage;
    this.kind = options.kind ?? 'DatabaseToken';
    this.namespace = namespace;
    this.cluster = options.clusterName ?? namespace;
    this.simulator = simulator;
    this.#client = new Client(simulator);
    this.#clusterSpec = {
      url: simulator.url,
      dataURL: simulator.dataURL,
      credentials: { secretRef: { name: this.cluster, key: 'token' } },
      tls: { caBundle: Buffer.from(simulator.caBundle).toString('base64') },
      access: [
        {
          name: 'test',
          namespaces: { names: [namespace] },
          databases: ['sensors', 'team-*'],
          actions: ['read', 'write'],
          ...(this.kind === 'ManagementToken' && { managementTokens: 'Allow' }),
        },
      ],
      ...options.cluster,
    };
  }

  /** Sets it up: see `Stage.scene`. */
  static async open(stage: Stage, prefix: string, options: SceneOptions): Promise<Scene> {
    const namespace = options.namespace ?? `${prefix}-${randomBytes(4).toString('hex')}`;
    const scene = new Scene(stage, namespace, await Simulator.start(options.simulator), options);
    await applyTo(stage.kubernetes, paths.namespace(namespace), {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    if (!options.without?.includes('credential')) await scene.createCredential();
    if (!options.without?.includes('cluster')) await scene.createCluster();
    return scene;
  }

  /** Ends what it keeps open itself. */
  async close(): Promise<void> {
    await this.#client.close();
    await this.simulator.stop();
  }

  /** Creates or changes the Secret with the credential in the operator's namespace. */
  async createCredential(data: Readonly<Record<string, string>> = { token: this.simulator.adminToken }): Promise<void> {
    await applyTo(this.stage.kubernetes, paths.secret(OPERATOR_NAMESPACE, this.cluster), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: this.cluster, namespace: OPERATOR_NAMESPACE },
      data: Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      ),
    });
  }

  async deleteCredential(): Promise<void> {
    await deleteAt(this.stage.kubernetes, paths.secret(OPERATOR_NAMESPACE, this.cluster));
  }

  /** Applies the InfluxDBCluster, with some fields of its spec otherwise. */
  async createCluster(spec: Manifest['spec'] = {}): Promise<void> {
    const manifest = named(cluster({ ...this.#clusterSpec, ...spec }), this.cluster, '');
    await applyTo(this.stage.kubernetes, paths.cluster(this.cluster), manifest);
  }

  /** Merges a change into the InfluxDBCluster. */
  async changeCluster(change: object): Promise<void> {
    await mergeInto(this.stage.kubernetes, paths.cluster(this.cluster), change);
  }

  async clusterObject(): Promise<InfluxDBCluster> {
    return this.stage.kubernetes.request({ method: 'GET', path: paths.cluster(this.cluster) });
  }

  /** How long to wait for what comes of something: where each look at the tokens is a command that is run, their pace follows what that takes. */
  get patience(): number {
    return this.kind === 'ManagementToken' ? 150_000 : 30_000;
  }

  /** Waits until the InfluxDBCluster says so. */
  waitForCluster(reason: Reason): Promise<Condition> {
    return this.#waitForReady(() => this.clusterObject(), reason, `InfluxDBCluster ${this.cluster}`);
  }

  /** A token as it is applied. */
  manifest(name: string, spec: Manifest['spec'] = {}): Manifest {
    const make = this.kind === 'DatabaseToken' ? databaseToken : managementToken;
    return named(make({ clusterRef: { name: this.cluster }, ...spec }), name, this.namespace);
  }

  /** Applies a token; a DatabaseToken reads `sensors`, unless `spec` says otherwise. */
  async apply(
    name: string,
    spec: Manifest['spec'] = {},
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const manifest = this.manifest(name, spec);
    await applyTo(this.stage.kubernetes, this.path(name), {
      ...manifest,
      metadata: { ...manifest.metadata, annotations },
    });
  }

  /** Merges a change into a token object. */
  async change(name: string, change: object): Promise<void> {
    await mergeInto(this.stage.kubernetes, this.path(name), change);
  }

  /** Sets annotations of a token object. */
  async annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
    await this.change(name, { metadata: { annotations } });
  }

  /** Asks for the end of a token object, and does not wait for it. */
  async delete(name: string): Promise<void> {
    await deleteAt(this.stage.kubernetes, this.path(name));
  }

  /** Waits until a token object is no more. */
  async waitForEnd(name: string): Promise<void> {
    await waitFor(async () => (await this.find(name)) === undefined, {
      what: `the end of ${this.kind} ${name}`,
      timeout: this.patience,
    });
  }

  async waitForEndOfCluster(): Promise<void> {
    await waitFor(async () => (await orUndefined(this.clusterObject())) === undefined, {
      what: 'the end of the cluster',
      timeout: this.patience,
    });
  }

  /** Where a token object of this kind is. */
  path(name: string): string {
    return paths.token(this.namespace, name, this.kind);
  }

  async token(name: string): Promise<TokenObject> {
    return this.stage.kubernetes.request({ method: 'GET', path: this.path(name) });
  }

  async find(name: string): Promise<TokenObject | undefined> {
    return orUndefined(this.token(name));
  }

  /** Waits until Ready of a token object has this reason, for the spec as it is now. */
  waitForReason(name: string, reason: Reason): Promise<Condition> {
    return this.#waitForReady(() => this.token(name), reason, `${this.kind} ${name}`);
  }

  /** Waits until a token object has a condition that fits. */
  waitForCondition(name: string, wanted: Partial<Condition>): Promise<Condition> {
    const fits = (condition: Condition): boolean =>
      Object.entries(wanted).every(([field, value]) => Reflect.get(condition, field) === value);
    return waitFor(
      async () => {
        const conditions = (await this.token(name)).status?.conditions ?? [];
        return conditions.find(fits) ?? Promise.reject(new Error(JSON.stringify(conditions)));
      },
      { what: `${JSON.stringify(wanted)} of ${this.kind} ${name}` },
    );
  }

  /** Waits until Ready of a token object says this, among other things. */
  waitForMessage(name: string, words: string): Promise<Condition> {
    return waitFor(
      async () => {
        const conditions = (await this.token(name)).status?.conditions ?? [];
        const ready = conditions.find(({ type }) => type === 'Ready');
        return ready?.message.includes(words) ? ready : Promise.reject(new Error(JSON.stringify(conditions)));
      },
      { what: `${this.kind} ${name} to say: ${words}` },
    );
  }

  /** Waits until the Secret of this name holds another token than this one, and answers it. */
  waitForAnotherToken(name: string, before: DecodedSecret): Promise<DecodedSecret> {
    return waitFor(
      async () => {
        const now = await this.secret(name);
        return now.data['token'] !== before.data['token'] && now;
      },
      { what: `another token in Secret ${name}`, timeout: this.patience },
    );
  }

  /** A Secret of the namespace. Throws while there is none. */
  secret(name: string): Promise<DecodedSecret> {
    return readSecret(this.stage.kubernetes, paths.secret(this.namespace, name));
  }

  async findSecret(name: string): Promise<DecodedSecret | undefined> {
    return orUndefined(this.secret(name));
  }

  /** Merges a change into a Secret of the namespace, as its tenant would. */
  async changeSecret(name: string, change: object): Promise<void> {
    await mergeInto(this.stage.kubernetes, paths.secret(this.namespace, name), change);
  }

  async deleteSecret(name: string): Promise<void> {
    await deleteAt(this.stage.kubernetes, paths.secret(this.namespace, name));
  }

  /** Applies any other object of the namespace, or of none. */
  async applyOther(manifest: object): Promise<void> {
    await this.stage.controlPlane.apply(manifest);
  }

  /** Whether InfluxDB takes a token string: the data API for reading `sensors`, the Management API for anything. */
  async accepts(string: string | undefined): Promise<boolean> {
    if (this.kind === 'ManagementToken') {
      const authorization = `Bearer ${string ?? ''}`;
      const { status } = await this.#client.manage('/api/v0/-/nothing', { headers: { authorization } });
      return status !== 401;
    }
    const { status } = await this.#client.data('/query?db=sensors&q=SHOW%20MEASUREMENTS', string ?? '');
    return status === 200;
  }

  /** Tokens of this simulator that are not revoked. */
  liveTokens(): readonly SimulatedToken[] {
    return this.simulator.tokens().filter(({ revokedAt }) => revokedAt === undefined);
  }

  /** How many requests of a method were made for tokens of this kind so far. */
  requests(method: 'GET' | 'POST' | 'PATCH' | 'DELETE'): number {
    return this.#requests().filter((request) => request.method === method).length;
  }

  /** What was asked for tokens of this kind so far, each as `METHOD path`. */
  asked(): readonly string[] {
    return this.#requests().map(({ method, path }) => `${method} ${path}`);
  }

  /** How often all tokens were listed. */
  lists(): number {
    return this.#requests().filter(({ method, path }) => method === 'GET' && path.endsWith('/tokens')).length;
  }

  /** What the operator wrote in the namespace so far, each as `verb resource`; Events apart. */
  writes(): Promise<readonly string[]> {
    return this.stage.writes(this.namespace);
  }

  /** Waits for an Event about an object and answers its note. */
  waitForEvent(name: string, reason: string): Promise<string> {
    return waitFor(
      async () => {
        const items = await eventsOf(this.stage.kubernetes, this.namespace);
        return items.find((event) => event.regarding.name === name && event.reason === reason)?.note;
      },
      { what: `an Event ${reason} of ${name}` },
    );
  }

  #requests(): readonly RecordedRequest[] {
    return this.simulator.requests.filter(({ path }) => API_PATHS[this.kind].test(path));
  }

  #waitForReady(read: () => Promise<TokenObject | InfluxDBCluster>, reason: Reason, what: string): Promise<Condition> {
    return waitFor(
      async () => {
        const { metadata, status } = await read();
        const ready = status?.conditions?.find(({ type }) => type === 'Ready');
        if (ready?.reason === reason && status?.observedGeneration === metadata.generation) return ready;
        throw new Error(JSON.stringify({ generation: metadata.generation, ...status }));
      },
      { what: `${what} to say ${reason}`, timeout: this.patience },
    );
  }
}
