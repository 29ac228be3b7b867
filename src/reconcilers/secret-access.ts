// The Secret of one object: read live, rehearsed, written by create-only or compare-and-swap, deleted by UID.

import { TokenString } from '../influxdb/token-string.ts';
import { KubernetesError, type KubernetesClient } from '../kubernetes/client.ts';
import { resourcePath } from '../kubernetes/paths.ts';
import type { Store } from '../kubernetes/store.ts';
import type { Ledger } from '../tokens/ledger.ts';
import type { SecretView } from '../tokens/observed.ts';
import type { Outcome } from '../tokens/outcome.ts';
import {
  disownPatch,
  FIELD_MANAGER,
  inspect,
  secretManifest,
  secretRecord,
  swapPatch,
  type LiveSecret,
  type PatchOperation,
  type SecretContent,
  type SecretMetadata,
  type SecretRecord,
} from '../tokens/secret.ts';
import { lostSwap, orNotFound, taken } from './kubernetes-errors.ts';

const JSON_PATCH = 'application/json-patch+json';
/** Writes answer with metadata alone, so that the string does not travel back. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** The Secrets of one object. What is read live is kept until the pass ends, and only here. */
export class SecretAccess {
  readonly #client: KubernetesClient;
  readonly #store: Pick<Store<SecretRecord>, 'observe'>;
  readonly #namespace: string;
  readonly #name: string;
  readonly #content: SecretContent | undefined;
  readonly #signal: AbortSignal;
  #live: LiveSecret | undefined;
  /** What this pass wrote, so that the probe need not read it back. */
  #written: TokenString | undefined;

  /** @param content what the Secret should hold; absent when the spec is not valid, and nothing can be written then */
  constructor(
    client: KubernetesClient,
    store: Pick<Store<SecretRecord>, 'observe'>,
    address: { readonly namespace: string; readonly name: string },
    content: SecretContent | undefined,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#store = store;
    this.#namespace = address.namespace;
    this.#name = address.name;
    this.#content = content;
    this.#signal = signal;
  }

  /** Reads it live. */
  async look(): Promise<Outcome> {
    const live = await orNotFound(
      this.#client.request<LiveSecret>({ method: 'GET', path: this.#path(true), signal: this.#signal }),
    );
    this.#live = live;
    this.#written = undefined;
    return {
      got: 'secret',
      secret: live === undefined ? { present: false, seen: 'live' } : this.#view(live),
      wrote: false,
    };
  }

  /** The token string in it, if the ledger still stands for it. */
  async string(): Promise<TokenString | undefined> {
    if (this.#written !== undefined) return this.#written;
    if (this.#live === undefined) await this.look();
    return this.#live === undefined ? undefined : inspect(this.#live, undefined).string;
  }

  /** Asks whether the write to come would pass: quota, admission, RBAC, the name, a terminating namespace. */
  async rehearse(into: string | undefined): Promise<Outcome> {
    const string = new TokenString(PLACEHOLDER);
    try {
      if (into === undefined) await this.#create(REHEARSAL, string, true);
      else {
        // After a write in this pass, what was read before it is forgotten.
        if (this.#live === undefined) await this.look();
        if ((await this.#swap(readOf(this.#live), REHEARSAL, string, true)) === undefined) return { got: 'conflict' };
      }
    } catch (error) {
      if (error instanceof KubernetesError && (taken(error) || lostSwap(error))) return { got: 'conflict' };
      throw error;
    }
    return { got: 'rehearsed' };
  }

  /** Creates the Secret, or swaps in a token; `base` is the ledger that must still stand there. */
  async write(
    mode: 'create' | { readonly base: Ledger | undefined },
    ledger: Ledger,
    string: TokenString,
  ): Promise<Outcome> {
    try {
      if (mode !== 'create' && this.#live === undefined) await this.look();
      const metadata =
        mode === 'create'
          ? await this.#create(ledger, string, false)
          : await this.#swap(mode.base, ledger, string, false);
      if (metadata === undefined) return { got: 'conflict' };
      this.#written = string;
      return this.#afterWrite(metadata);
    } catch (error) {
      this.#live = undefined;
      this.#written = undefined;
      if (error instanceof KubernetesError && (taken(error) || lostSwap(error))) return { got: 'conflict' };
      throw error;
    }
  }

  /** Rewrites keys, labels, owner and ledger around the string that is there. */
  async rewrite(from: Ledger, to: Ledger): Promise<Outcome> {
    const string = await this.string();
    return string === undefined ? { got: 'conflict' } : this.write({ base: from }, to, string);
  }

  /** Takes an owner off its references and leaves everything else, so it needs neither the string nor a valid spec. */
  async disown(from: Ledger | undefined, ownerUID: string): Promise<Outcome> {
    if (this.#live === undefined) await this.look();
    if (this.#live === undefined) return { got: 'conflict' };
    try {
      await this.#patch(disownPatch(this.#live, from, ownerUID), false);
    } catch (error) {
      if (error instanceof KubernetesError && lostSwap(error)) return { got: 'conflict' };
      throw error;
    }
    return this.look();
  }

  /** Deletes it, if it is still the one with this UID. */
  async remove(uid: string): Promise<Outcome> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } };
    try {
      await orNotFound(
        this.#client.request({
          method: 'DELETE',
          path: this.#path(true),
          body,
          accept: METADATA_ONLY,
          signal: this.#signal,
        }),
      );
    } catch (error) {
      if (!(error instanceof KubernetesError && error.status === 409)) throw error;
    }
    return this.look();
  }

  async #create(ledger: Ledger, string: TokenString, dryRun: boolean): Promise<SecretMetadata> {
    const answer = await this.#client.request<{ metadata: SecretMetadata }>({
      method: 'POST',
      path: this.#path(false),
      query: dryRun ? { dryRun: 'All', fieldManager: FIELD_MANAGER } : { fieldManager: FIELD_MANAGER },
      accept: METADATA_ONLY,
      body: secretManifest(this.#expectContent(), ledger, string),
      signal: this.#signal,
    });
    return answer.metadata;
  }

  async #swap(
    base: Ledger | undefined,
    ledger: Ledger,
    string: TokenString,
    dryRun: boolean,
  ): Promise<SecretMetadata | undefined> {
    if (this.#live === undefined) return undefined;
    return this.#patch(swapPatch(this.#live, base, this.#expectContent(), ledger, string), dryRun);
  }

  async #patch(body: PatchOperation[], dryRun: boolean): Promise<SecretMetadata> {
    const answer = await this.#client.request<{ metadata: SecretMetadata }>({
      method: 'PATCH',
      path: this.#path(true),
      query: dryRun ? { dryRun: 'All', fieldManager: FIELD_MANAGER } : { fieldManager: FIELD_MANAGER },
      contentType: JSON_PATCH,
      accept: METADATA_ONLY,
      body,
      signal: this.#signal,
    });
    return answer.metadata;
  }

  /** The write has tested what it left alone, so that all of it is as wanted. */
  #afterWrite(metadata: SecretMetadata): Outcome {
    this.#live = undefined;
    const record = secretRecord(metadata);
    this.#store.observe(record);
    return { got: 'secret', secret: { ...viewOf(record, 'live'), intact: true, asWanted: true }, wrote: true };
  }

  #view(live: LiveSecret): SecretView {
    const { intact, asWanted } = inspect(live, this.#content);
    // Ours are Opaque, and the type of a Secret never changes: Kubernetes acts on others, so annotations that say it is ours are forged.
    if (live.type !== undefined && live.type !== 'Opaque') {
      const { ledger: _, ...foreign } = viewOf(secretRecord(live.metadata), 'live');
      return { ...foreign, owners: [`type ${live.type}`], ownerUIDs: [], intact, asWanted };
    }
    return { ...viewOf(secretRecord(live.metadata), 'live'), intact, asWanted };
  }

  #expectContent(): SecretContent {
    if (this.#content === undefined) throw new Error('a Secret cannot be written for a spec that is not valid');
    return this.#content;
  }

  #path(named: boolean): string {
    const collection = { group: '', version: 'v1', plural: 'secrets', namespace: this.#namespace };
    return resourcePath(named ? { ...collection, name: this.#name } : collection);
  }
}

/** What the plan sees of a Secret's metadata. */
export function viewOf(record: SecretRecord, seen: 'cached' | 'live'): Extract<SecretView, { present: true }> {
  const { metadata, ...rest } = record;
  return { present: true, seen, uid: metadata.uid, resourceVersion: metadata.resourceVersion, ...rest };
}

/** Stands for a token in a dry run: as long as a real one, and nobody's. */
const PLACEHOLDER = `apiv1_${'0'.repeat(128)}`;

const REHEARSAL: Ledger = {
  object: 'dry-run',
  clusterUID: 'dry-run',
  tokenID: 'dry-run',
  attempt: 'dry-run',
  issuedAt: 0,
  fence: 0,
  superseded: [],
  digest: 'dry-run',
};

function readOf(live: LiveSecret | undefined): Ledger | undefined {
  return live === undefined ? undefined : secretRecord(live.metadata).ledger;
}
