// One scene under faults: what stands in it that belongs to others, and what the operator asked and made there.

import { resourcePath } from '../../src/kubernetes/paths.ts';
import { GROUP, PLURALS, VERSION } from '../../src/resources/group.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { applyTo, paths, readSecret, type DecodedSecret } from '../operator/objects.ts';
import type { Scene } from '../operator/scene.ts';
import type { SimulatedToken } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';
import type { Call } from './calls.ts';
import type { Interceptor } from './intercept.ts';

/** What nobody but its owner may ever change: I4 and I9. */
interface Strangers {
  readonly secret: DecodedSecret;
  readonly tokens: readonly SimulatedToken[];
}

/** The part of a Secret that says whose token it holds; its data as Kubernetes encodes them. */
export interface ListedSecret {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

const STRANGE_SECRET = 'strange';

/** A scene, seen through interceptors. */
export class Trial {
  readonly scene: Scene;
  readonly kubernetes: Interceptor;
  readonly influxdb: Interceptor;
  /** What was seen at the moment of a revocation that must never be the case. */
  readonly violations: string[] = [];
  readonly #databases = new Set(['sensors']);
  #allowing: Promise<void> = Promise.resolve();
  readonly #strangers: Strangers;

  private constructor(scene: Scene, kubernetes: Interceptor, influxdb: Interceptor, strangers: Strangers) {
    this.scene = scene;
    this.kubernetes = kubernetes;
    this.influxdb = influxdb;
    this.#strangers = strangers;
    influxdb.witness = (call) => this.#witness(call);
  }

  /** Puts strangers into the scene and connects its InfluxDBCluster. */
  static async open(
    scene: Scene,
    kubernetes: Interceptor,
    influxdb: Interceptor,
    cluster: object = {},
  ): Promise<Trial> {
    const path = paths.secret(scene.namespace, STRANGE_SECRET);
    const { kubernetes: client } = scene.stage;
    await applyTo(client, path, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: STRANGE_SECRET, namespace: scene.namespace, labels: { [`${GROUP}/managed`]: 'true' } },
      stringData: { token: 'of somebody else' },
    });
    const like =
      scene.kind === 'ManagementToken'
        ? { management: true as const }
        : { permissions: [{ action: 'read' as const, resource: 'sensors' }] };
    const tokens = [
      scene.simulator.createToken({ description: 'made by hand', ...like }),
      scene.simulator.createToken({ description: 'Other [influxtokens other/uid/0123456789abcdef]', ...like }),
    ];
    const trial = new Trial(scene, kubernetes, influxdb, { secret: await readSecret(client, path), tokens });
    const caBundle = Buffer.from(influxdb.caBundle).toString('base64');
    await scene.createCredential();
    await scene.createCluster({ url: influxdb.url, dataURL: influxdb.url, tls: { caBundle }, ...cluster });
    return trial;
  }

  /** Lets tokens read one more database, or one less; with the latter, those that do are revoked. One change after the other. */
  allow(database: string, allowed: boolean): Promise<void> {
    if (allowed) this.#databases.add(database);
    else this.#databases.delete(database);
    this.#allowing = this.#allowing.then(() => this.#writeAccess());
    return this.#allowing;
  }

  async #writeAccess(): Promise<void> {
    const rule = { name: 'trial', namespaces: { names: [this.scene.namespace] }, actions: ['read', 'write'] };
    await this.scene.changeCluster({
      spec: { accessWithdrawal: 'Revoke', access: [{ ...rule, databases: [...this.#databases] }] },
    });
  }

  /** The Secret of a name and the strangers, as they were: whoever changed them, it must not have been the operator. */
  async strangersAsTheyWere(): Promise<readonly string[]> {
    const { scene } = this;
    const now = await scene.findSecret(STRANGE_SECRET);
    const wrong = JSON.stringify(now) === JSON.stringify(this.#strangers.secret) ? [] : ['I4: the foreign Secret'];
    const ids = new Set(this.#strangers.tokens.map(({ id }) => id));
    const tokens = scene.simulator.tokens().filter(({ id }) => ids.has(id));
    if (JSON.stringify(tokens) !== JSON.stringify(this.#strangers.tokens)) wrong.push('I9: a foreign token changed');
    if (scene.simulator.requests.some(({ effect, tokenId = '' }) => effect && ids.has(tokenId))) {
      wrong.push('I9: a foreign token was touched');
    }
    return wrong;
  }

  /** Tokens that were ever made for objects of this name. */
  tokensOf(name: string): readonly SimulatedToken[] {
    const { simulator, namespace } = this.scene;
    return simulator.tokens().filter(({ description }) => description.startsWith(`${namespace}/${name} [`));
  }

  /** Live tokens that carry the operator's marker, whosever they are. */
  markedTokens(): readonly SimulatedToken[] {
    const strangers = new Set(this.#strangers.tokens.map(({ id }) => id));
    return this.scene.liveTokens().filter(({ id }) => !strangers.has(id));
  }

  /** All Secrets of the namespace but the stranger's. */
  async secrets(): Promise<readonly ListedSecret[]> {
    const { stage, namespace } = this.scene;
    const path = resourcePath({ group: '', version: 'v1', plural: 'secrets', namespace });
    const { items } = await stage.kubernetes.request<{ items: ListedSecret[] }>({ method: 'GET', path });
    return items.filter(({ metadata }) => metadata.name !== STRANGE_SECRET);
  }

  /** All tokens of the kind in the namespace. */
  async objects(): Promise<readonly TokenObject[]> {
    const { stage, namespace, kind } = this.scene;
    const path = resourcePath({ group: GROUP, version: VERSION, plural: PLURALS[kind], namespace });
    return (await stage.kubernetes.request<{ items: TokenObject[] }>({ method: 'GET', path })).items;
  }

  /** Whether a call is about this object, its Secret or one of its tokens. */
  concerns({ namespace, object, path, body }: Call, name: string): boolean {
    if (namespace !== undefined) return namespace === this.scene.namespace && object === name;
    return (
      body.includes(`"${this.scene.namespace}/${name} [`) || this.tokensOf(name).some(({ id }) => path.endsWith(id))
    );
  }

  /** How many changes the operator has asked for here, wherever. */
  changes(): number {
    const { namespace, cluster } = this.scene;
    const here = this.kubernetes.calls.filter(
      (call) => call.counts && (call.namespace === namespace || call.object === cluster),
    );
    return here.length + this.influxdb.calls.filter(({ counts, method }) => counts && method !== 'GET').length;
  }

  /**
   * For dozens of objects at once, and for three inventories in a row. Where each look at the tokens is a command that is run, two are run at a
   * time, and inventories are as far apart as twenty of them take. What happens to one object has I7's minute, see `converged`.
   */
  get patience(): number {
    return this.scene.kind === 'ManagementToken' ? 300_000 : 60_000;
  }

  /** Waits until two inventories in a row were followed by nothing: I7. */
  async rest(timeout = this.patience): Promise<void> {
    let changes = -1;
    let lists = 0;
    await waitFor(
      () => {
        if (this.changes() !== changes) {
          changes = this.changes();
          lists = this.scene.lists();
        }
        return this.scene.lists() >= lists + 3;
      },
      { what: `I7: two inventories without a change in ${this.scene.namespace}`, timeout },
    );
  }

  /** I3: at the moment of a revocation no Secret of a living object may hold the token. */
  async #witness({ name, path }: Call): Promise<void> {
    if (name !== 'DELETE token') return;
    const id = path.slice(path.lastIndexOf('/') + 1);
    const string = this.scene.simulator.tokens().find((token) => token.id === id)?.string;
    const [secrets, objects] = [await this.secrets(), await this.objects()];
    for (const { metadata } of objects.filter((object) => object.metadata.deletionTimestamp === undefined)) {
      const secret = secrets.find((candidate) => candidate.metadata.name === metadata.name);
      if (stringsIn(secret).includes(string))
        this.violations.push(`I3: ${id} was revoked while the Secret of ${metadata.name} held it`);
    }
  }
}

/** The values in a Secret, decoded. */
export function stringsIn(secret: ListedSecret | undefined): readonly (string | undefined)[] {
  return Object.values(secret?.data ?? {}).map((value) => Buffer.from(value, 'base64').toString());
}
