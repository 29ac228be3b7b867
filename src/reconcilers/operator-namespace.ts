// What administrators put into the operator's own namespace: credentials and CA bundles.

import { documentRemedy } from '../influxdb/credential.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { KubernetesError, type KubernetesClient } from '../kubernetes/client.ts';
import { resourcePath } from '../kubernetes/paths.ts';
import type { Verdict } from '../resources/conditions.ts';
import type { InfluxDBClusterSpec } from '../resources/influxdb-cluster.ts';
import { uidOf } from '../tokens/ledger.ts';
import type { Renewal } from './credential-end.ts';
import type { World } from './world.ts';

/** The credential or the CA bundle cannot be read. */
export class CredentialsMissing extends Error {
  readonly verdict: Verdict;

  constructor(message: string) {
    super(message);
    this.verdict = { reason: 'CredentialsMissing', message, remedy: '' };
  }
}

interface Read {
  readonly version: string;
  readonly data: Readonly<Record<string, string>>;
}

/**
 * Reads Secrets and ConfigMaps of the operator's namespace. The watch tells when one changed; its content is then read once.
 * No other namespace is ever read for a credential, or whoever may write an InfluxDBCluster could read every Secret.
 */
export class OperatorNamespace {
  readonly #client: KubernetesClient;
  readonly #world: World;
  readonly #namespace: string;
  readonly #read = new Map<string, Read>();

  constructor(client: KubernetesClient, world: World, namespace: string) {
    this.#client = client;
    this.#world = world;
    this.#namespace = namespace;
  }

  /** The credential of a cluster, without white space around it. Throws `CredentialsMissing`. */
  async credential(spec: InfluxDBClusterSpec, signal: AbortSignal): Promise<TokenString> {
    const { name, key } = spec.credentials.secretRef;
    const data = await this.#data('secrets', name, signal);
    if (data === undefined) {
      throw new CredentialsMissing(
        `There is no Secret ${name} in namespace ${this.#namespace}; create it with the management token under the key ${key}.`,
      );
    }
    const value = Buffer.from(data[key] ?? '', 'base64')
      .toString()
      .trim();
    if (value === '') {
      throw new CredentialsMissing(
        `Secret ${name} in namespace ${this.#namespace} ${data[key] === undefined ? `has no key ${key}` : `is empty under the key ${key}`}; put the management token there.`,
      );
    }
    const remedy = documentRemedy(value);
    if (remedy !== undefined) {
      throw new CredentialsMissing(
        `Secret ${name} in namespace ${this.#namespace} holds a JSON document under the key ${key}, as the Secret admin-token of InfluxDB Clustered does, and not a token string; ${remedy}.`,
      );
    }
    return new TokenString(value);
  }

  /** Which ManagementToken will renew the credential of a cluster, and when; `undefined` when none will. */
  renewal(spec: InfluxDBClusterSpec): Renewal | undefined {
    const { ledger } =
      this.#world.collections.secrets.get(`${this.#namespace}/${spec.credentials.secretRef.name}`) ?? {};
    if (ledger === undefined) return undefined;
    const object = this.#world.tokenByUID(uidOf(ledger));
    const { nextRotation, token } = object?.status ?? {};
    // A Secret that was retained, or that another object's ledger was copied to, is renewed by nobody.
    if (object?.kind !== 'ManagementToken' || nextRotation === undefined || token?.id !== ledger.tokenID)
      return undefined;
    if (object.metadata.deletionTimestamp !== undefined || object.spec.suspend === true) return undefined;
    return { at: Date.parse(nextRotation), by: `${object.metadata.namespace}/${object.metadata.name}` };
  }

  /** The CA bundle of a cluster as PEM; `undefined` when it names none. Throws `CredentialsMissing`. */
  async caBundle(spec: InfluxDBClusterSpec, signal: AbortSignal): Promise<string | undefined> {
    if (spec.tls?.caBundle !== undefined) return Buffer.from(spec.tls.caBundle, 'base64').toString();
    const reference = spec.tls?.caBundleRef;
    if (reference === undefined) return undefined;
    const data = await this.#data('configmaps', reference.name, signal);
    const bundle = data?.[reference.key];
    if (bundle === undefined) {
      throw new CredentialsMissing(
        `spec.tls.caBundleRef: there is no key ${reference.key} in a ConfigMap ${reference.name} in namespace ${this.#namespace}; create it with the PEM bundle.`,
      );
    }
    return bundle;
  }

  async #data(
    plural: 'secrets' | 'configmaps',
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { ownSecrets, ownConfigMaps } = this.#world.collections;
    const seen = (plural === 'secrets' ? ownSecrets : ownConfigMaps).get(`${this.#namespace}/${name}`);
    const id = `${plural}/${name}`;
    if (seen === undefined) {
      this.#read.delete(id);
      return undefined;
    }
    const known = this.#read.get(id);
    if (known?.version === seen.metadata.resourceVersion) return known.data;
    const path = resourcePath({ group: '', version: 'v1', plural, namespace: this.#namespace, name });
    try {
      const { metadata, data = {} } = await this.#client.request<{
        metadata: { resourceVersion: string };
        data?: Record<string, string>;
      }>({ method: 'GET', path, signal });
      this.#read.set(id, { version: metadata.resourceVersion, data });
      return data;
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }
}
