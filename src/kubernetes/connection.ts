// How requests reach the API server: credentials from client-node, resolved rarely; connections pooled and kept.

import { hash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { Cluster, Context, KubeConfig } from '@kubernetes/client-node';
import { systemClock, type Clock } from '../controller/clock.ts';
import { openAgents, type Agents, type TlsSettings } from './agents.ts';
import { findKubeConfig, type Load, type Places } from './kubeconfig.ts';
import { proxyFor, type Environment } from './proxy.ts';

/** What a request needs to be let in. */
export interface Credentials extends Agents {
  readonly headers: Readonly<Record<string, string>>;
}

/** A way to one API server. */
export interface Connection {
  /** Base address; it may carry a path. */
  readonly server: URL;
  /** The namespace of the kubeconfig's context or of the pod. */
  readonly namespace: string | undefined;
  /** What may still be used without another look; nearly always there. */
  readonly current: Credentials | undefined;
  /** Cheap: resolved at most every half minute. */
  credentials(): Promise<Credentials>;
  /** After a 401 on `used`: reads everything anew at once. Undefined when that brings nothing new, so that trying again is useless. */
  renew(used: Credentials): Promise<Credentials | undefined>;
  /** Ends all connections, also those in use. */
  close(): Promise<void>;
}

/**
 * client-node's stock `KubeConfig` opens a TLS connection and reads the CA file on every request; here it is asked only for what
 * to send, every half minute: kubelet replaces a pod's token in its file long before the old one ends, and client-go reads it
 * every minute.
 */
const KEEP = 30_000;

/** Finds the cluster (see `findKubeConfig`) and checks that its entry can be used; connects to nothing yet. */
export async function loadConnection(places: Places & { readonly clock?: Clock }): Promise<Connection> {
  const load = await findKubeConfig(places);
  return new KubeConfigConnection(load, places.environment ?? process.env, places.clock ?? systemClock);
}

interface Resolved {
  readonly credentials: Credentials;
  readonly fingerprint: string;
  until: number;
}

class KubeConfigConnection implements Connection {
  readonly server: URL;
  readonly namespace: string | undefined;
  readonly #load: Load;
  readonly #clock: Clock;
  readonly #context: string;
  readonly #proxy: string | undefined;
  #config: KubeConfig;
  #resolved: Resolved | undefined;
  #underWay: Promise<Credentials> | undefined;
  #agents: { readonly pair: Agents; readonly fingerprint: string } | undefined;
  readonly #retired = new Set<Agents>();

  constructor(load: Load, environment: Environment, clock: Clock) {
    this.#load = load;
    this.#clock = clock;
    this.#config = load();
    const { context, cluster } = usable(this.#config);
    this.#context = context.name;
    this.namespace = context.namespace;
    this.server = new URL(cluster.server);
    this.#proxy = cluster.proxyUrl ?? proxyFor(this.server, environment);
  }

  get current(): Credentials | undefined {
    return this.#resolved && this.#clock.now() < this.#resolved.until ? this.#resolved.credentials : undefined;
  }

  async credentials(): Promise<Credentials> {
    if (this.current) return this.current;
    const resolved = this.#resolved;
    try {
      return await this.#refresh(!keepsState(this.#config));
    } catch (error) {
      if (!resolved) throw error;
      // A file that is being replaced: what we have may still be good, and if not, the 401 brings this error to light.
      resolved.until = this.#clock.now() + KEEP;
      return resolved.credentials;
    }
  }

  async renew(used: Credentials): Promise<Credentials | undefined> {
    if (this.#resolved && this.#resolved.credentials !== used) return this.#resolved.credentials;
    const renewed = await this.#refresh(true);
    return renewed === used ? undefined : renewed;
  }

  async close(): Promise<void> {
    const all = [...this.#retired, ...(this.#agents ? [this.#agents.pair] : [])];
    await Promise.all(all.flatMap(({ requests, watches }) => [requests.destroy(), watches.destroy()]));
  }

  /** One at a time: sixteen workers that meet a 401 together run one plugin. */
  #refresh(anew: boolean): Promise<Credentials> {
    this.#underWay ??= this.#resolve(anew).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #resolve(anew: boolean): Promise<Credentials> {
    if (anew) this.#config = this.#reload();
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const headers = headersOf(options);
    const settings = settingsOf(options);
    const fingerprint = digest([headers, settings]);
    const until = this.#clock.now() + KEEP;
    if (this.#resolved?.fingerprint === fingerprint) this.#resolved.until = until;
    else this.#resolved = { credentials: { headers, ...this.#agentsFor(settings) }, fingerprint, until };
    return this.#resolved.credentials;
  }

  /** The context chosen at the start stays: another one chosen meanwhile, for kubectl, must not move the operator elsewhere. */
  #reload(): KubeConfig {
    const config = this.#load();
    config.setCurrentContext(this.#context);
    const { server } = usable(config).cluster;
    if (new URL(server).href !== this.server.href) {
      throw new Error(`the context "${this.#context}" now names the server ${server}: restart to move there`);
    }
    return config;
  }

  #agentsFor(settings: TlsSettings): Agents {
    const fingerprint = digest(settings);
    if (this.#agents?.fingerprint === fingerprint) return this.#agents.pair;
    if (this.#agents) this.#retire(this.#agents.pair);
    this.#agents = { pair: openAgents(settings, this.#proxy), fingerprint };
    return this.#agents.pair;
  }

  /** What is in flight over the old certificates may end: a watch does so within minutes. */
  #retire(pair: Agents): void {
    this.#retired.add(pair);
    void Promise.allSettled([pair.requests.close(), pair.watches.close()]).then(() => this.#retired.delete(pair));
  }
}

/** Throws an Error for people when the configuration names no usable cluster. */
function usable(config: KubeConfig): { context: Context; cluster: Cluster } {
  const name = config.getCurrentContext();
  if (!name) throw new Error('the kubeconfig has no current context: kubectl config use-context NAME');
  const context = config.getContextObject(name);
  if (!context)
    throw new Error(`the kubeconfig has no context "${name}", its current one: kubectl config use-context NAME`);
  const cluster = config.getCluster(context.cluster);
  if (!cluster)
    throw new Error(`the context "${name}" names the cluster "${context.cluster}", which the kubeconfig lacks`);
  if (!config.getUser(context.user)) {
    throw new Error(`the context "${name}" names the user "${context.user}", which the kubeconfig lacks`);
  }
  if (!URL.canParse(cluster.server)) throw new Error(`the cluster "${cluster.name}" has no valid server address`);
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw new Error(
      `the cluster "${cluster.name}" is reached over plain http: use https, or set insecure-skip-tls-verify`,
    );
  }
  if (cluster.proxyUrl && !/^https?:/.test(cluster.proxyUrl)) {
    throw new Error(
      `the cluster "${cluster.name}" is reached over the proxy ${cluster.proxyUrl}: only http and https proxies can be used`,
    );
  }
  return { context, cluster };
}

/** Whether the authenticator remembers what a new reading of the file would lose: a plugin's answer, a rotated refresh token. */
function keepsState(config: KubeConfig): boolean {
  const user = config.getCurrentUser();
  return Boolean(user?.exec ?? (user?.authProvider && !user.authProvider.config?.tokenFile));
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file that ends in a newline is common, and a header must not.
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function settingsOf({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }: RequestOptions): TlsSettings {
  return Object.fromEntries(
    Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(
      ([, v]) => v !== undefined,
    ),
  );
}

/** Not the values themselves: they are compared for hours. */
function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value));
}
