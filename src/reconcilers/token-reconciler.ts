// DatabaseToken and ManagementToken: what is known of an object is put together, and a pass is made over it.

import type { ReconcileResult } from '../controller/controller.ts';
import type { TokenInfo } from '../influxdb/issuer.ts';
import { clusterName, dataURL, maxTokens, secretName } from '../resources/defaults.ts';
import { FINALIZER } from '../resources/group.ts';
import { REASONS } from '../resources/reasons.ts';
import type { TokenObject, TokenSpec } from '../resources/token-object.ts';
import { problemLine, validateToken } from '../resources/validate.ts';
import { judgeAccess } from '../tokens/access.ts';
import { difference } from '../tokens/drift.ts';
import { NOTHING_LOOKED_AT } from '../tokens/learn.ts';
import { NO_MEMORY, type Access, type Memory, type Observed, type Wanted } from '../tokens/observed.ts';
import { secretContent, type SecretContent } from '../tokens/secret.ts';
import type { Decision } from '../tokens/step.ts';
import { wantedOf } from '../tokens/wanted.ts';
import { clusterView } from './cluster-view.ts';
import type { ClusterState, Inventory } from './clusters.ts';
import { newNonce, Pass, placeOf, type PassOptions } from './pass.ts';
import { viewOf } from './secret-access.ts';
import { tokenKey, type NamespaceRecord, type World } from './world.ts';

/** What the reconciler works with. */
export interface TokenReconcilerOptions extends PassOptions {
  readonly installation: string;
  /** Milliseconds. */
  readonly minimumLifetime: number;
}

/** A time that is past must not bring an object back at full speed, again and again; milliseconds. */
const SOONEST = 100;

/** What the check of a spec found, once per generation. */
interface Checked {
  readonly generation: number;
  /** What is known of a spec that holds more; `undefined`, nearly always: the object's own is valid as it stands. */
  readonly spec: TokenSpec | undefined;
  readonly problem: string | undefined;
}

/** What a valid spec asks for. */
interface Request {
  readonly spec: TokenSpec;
  readonly wanted: Wanted;
}

/** What a pass goes by, besides the time and what is kept of the object. Of object and Secret the resource version says it all. */
interface Basis {
  readonly object: string;
  readonly secret: string | undefined;
  readonly cluster: ClusterState | undefined;
  readonly namespace: NamespaceRecord | undefined;
}

/** Where the last pass left an object that stands well. */
interface Rest extends Basis {
  /** When there is something to do again; `undefined`: not before something changes. */
  readonly until: number | undefined;
}

/** What this process keeps of an object between passes; of one form for all, which takes the least memory. */
interface Kept extends Checked {
  readonly uid: string;
  readonly memory: Memory;
  readonly rest: Rest | undefined;
}

/** After a status that could not be written for a conflict, milliseconds. */
const REPORT_AGAIN = 1_000;

/** Reconciles token objects; see `Reconcile` for its contract. */
export class TokenReconciler {
  readonly #options: TokenReconcilerOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: TokenReconcilerOptions) {
    this.#options = options;
  }

  readonly reconcile = async (key: string, signal: AbortSignal): Promise<ReconcileResult> => {
    const { world, clusters } = this.#options;
    const object = world.token(key);
    if (object === undefined) {
      this.#kept.delete(key);
      return {};
    }
    const state = clusters.get(clusterName(object.spec), object.kind);
    if (waitsForCluster(world, object, state)) return {};
    const clusterExists = world.collections.clusters.get(clusterName(object.spec)) !== undefined;
    // What is left of a cluster that is gone serves to revoke, and for nothing else.
    const cluster = clusterExists || object.metadata.deletionTimestamp !== undefined ? state : undefined;

    const basis = this.#basis(object, cluster);
    if (this.#rests(key, basis)) return this.#again(this.#kept.get(key)?.rest?.until);
    const kept = this.#keep(key, object);
    const request = requestOf(object, kept);
    const content = contentOf(object, request, cluster);
    const observed = this.#observe(object, kept, request?.wanted, cluster, content);
    const pass = new Pass(this.#options, observed, content, cluster, signal);
    const decision = await pass.run((memory) => this.#remember(key, memory));
    if (decision === 'gone') {
      this.#kept.delete(key);
      return {};
    }
    if (decision === 'changed') return {};
    const reported = await pass.report(decision.verdict);
    this.#remember(key, settle(pass.observed.memory, decision));
    // The change that was in the way wakes us when it arrives; but a conflict may be told without there being one.
    if (!reported) return { requeueAfter: REPORT_AGAIN };
    this.#letRest(key, basis, pass.observed, decision);
    return this.#again(decision.wakeAt);
  };

  #again(at: number | undefined): ReconcileResult {
    return at === undefined ? {} : { requeueAfter: Math.max(SOONEST, at - this.#options.clock.now()) };
  }

  #basis(object: TokenObject, cluster: ClusterState | undefined): Basis {
    const { secrets, namespaces } = this.#options.world.collections;
    const { namespace, resourceVersion } = object.metadata;
    const secret = secrets.get(`${namespace}/${secretName(object)}`);
    return {
      object: resourceVersion,
      secret: secret?.metadata.resourceVersion,
      cluster,
      namespace: namespaces.get(namespace),
    };
  }

  /** Whether a pass would begin where the last one ended, and find nothing: each of our own writes comes back as a change. */
  #rests(key: string, basis: Basis): boolean {
    const rest = this.#kept.get(key)?.rest;
    if (rest === undefined || (rest.until !== undefined && rest.until <= this.#options.clock.now())) return false;
    const { object, secret, cluster, namespace } = basis;
    return object === rest.object && secret === rest.secret && cluster === rest.cluster && namespace === rest.namespace;
  }

  /** Keys of objects that an inventory gives a reason to look at: a token is missing, is named by nothing, or is not what was asked for. */
  attentionTo(cluster: string, { kind, byUID }: Inventory): string[] {
    const { world } = this.#options;
    return world.tokensOf(cluster).flatMap((object) => {
      if (object.kind !== kind) return [];
      const tokens = byUID.get(object.metadata.uid) ?? [];
      const current = object.status?.token?.id;
      const asKnown =
        tokens.every(({ id }) => world.named(id)) && (current === undefined || tokens.some(({ id }) => id === current));
      return asKnown && tokens.every((token) => this.#asWanted(object, token)) ? [] : [tokenKey(object)];
    });
  }

  /** Whether a token that an inventory shows is what the spec asks for; one in its overlap may be otherwise. */
  #asWanted(object: TokenObject, token: TokenInfo): boolean {
    const { world, installation } = this.#options;
    const { uid, namespace } = object.metadata;
    const kept = this.#kept.get(tokenKey(object));
    // A spec that was not checked yet has its turn to come.
    if (kept?.uid !== uid || kept.generation !== object.metadata.generation) return true;
    const wanted = requestOf(object, kept)?.wanted;
    if (wanted === undefined) return true;
    const ledger = world.collections.secrets.get(`${namespace}/${wanted.secretName}`)?.ledger;
    if (ledger?.tokenID !== token.id) return true;
    return difference(wanted, { installation, uid, attempt: ledger.attempt }, token) === undefined;
  }

  /** What came from elsewhere while the pass ran is not what it went by, and so still to be looked at. */
  #letRest(key: string, before: Basis, { object, secret }: Observed, { verdict, wakeAt: until }: Decision): void {
    const kept = this.#kept.get(key);
    if (kept === undefined || REASONS[verdict.reason].class !== 'good') return;
    const rest = {
      object: object.metadata.resourceVersion,
      secret: secret.present ? secret.resourceVersion : undefined,
      cluster: before.cluster,
      namespace: before.namespace,
      until,
    };
    this.#kept.set(key, { ...kept, rest });
  }

  #remember(key: string, memory: Memory): void {
    const kept = this.#kept.get(key);
    if (kept !== undefined) this.#kept.set(key, { ...kept, memory });
  }

  #observe(
    object: TokenObject,
    { problem, memory }: Kept,
    wanted: Wanted | undefined,
    cluster: ClusterState | undefined,
    content: SecretContent | undefined,
  ): Observed {
    const { world, installation, clock, newcomers } = this.#options;
    const { namespace } = object.metadata;
    const name = wanted?.secretName ?? secretName(object);
    const record = world.collections.secrets.get(`${namespace}/${name}`);
    const view = cluster === undefined ? undefined : clusterView(cluster, object);
    const access = this.#access(object, wanted, cluster, clock.now() + (view?.clockSkew ?? 0));
    return {
      installation,
      object,
      ...(wanted === undefined ? {} : { wanted }),
      ...(problem === undefined ? {} : { problem }),
      ...(content === undefined ? {} : { layout: content.layout }),
      ...(view === undefined ? {} : { cluster: view }),
      access,
      ...(access.allowed && access.maxTokens !== undefined
        ? { newcomersFrom: newcomers.nextAt(placeOf(object), access.maxTokens) }
        : {}),
      namespaceTerminating: world.collections.namespaces.get(namespace)?.terminating ?? false,
      secret: record === undefined ? { present: false, seen: 'cached' } : viewOf(record, 'cached'),
      memory,
      looked: NOTHING_LOOKED_AT,
      nonce: newNonce(),
    };
  }

  #keep(key: string, object: TokenObject): Kept {
    const { uid, generation } = object.metadata;
    const before = this.#kept.get(key);
    if (before?.uid === uid && before.generation === generation) return before;
    const validation = validateToken(object, this.#options.minimumLifetime);
    const kept: Kept = {
      uid,
      generation,
      // Another object under the same name knows nothing of its predecessor.
      memory: before?.uid === uid ? before.memory : NO_MEMORY,
      spec: validation.ok && validation.spec !== object.spec ? validation.spec : undefined,
      problem: validation.ok ? undefined : problemLine(validation.problems),
      rest: undefined,
    };
    this.#kept.set(key, kept);
    return kept;
  }

  #access(object: TokenObject, wanted: Wanted | undefined, cluster: ClusterState | undefined, at: number): Access {
    const { world } = this.#options;
    if (wanted === undefined || cluster?.spec === undefined) return { allowed: true };
    const { access } = cluster.spec;
    const end = wanted.lifetime ?? (wanted.expiresAt === undefined ? undefined : wanted.expiresAt - at);
    return judgeAccess(access ?? [], {
      kind: object.kind,
      namespace: object.metadata.namespace,
      namespaceLabels: world.collections.namespaces.get(object.metadata.namespace)?.metadata.labels ?? {},
      permissions: wanted.permissions,
      lifetime: end,
      rank: world.rank(object, Math.min(...(access ?? []).map(maxTokens))),
    });
  }
}

/** Before its cluster was looked at, or keeps its finalizer for us, nothing is known of a token: its turn comes when that changes. */
function waitsForCluster(world: World, object: TokenObject, state: ClusterState | undefined): boolean {
  const cluster = world.collections.clusters.get(clusterName(object.spec));
  const looked = state !== undefined && state.unproven !== true;
  if (cluster === undefined || object.metadata.deletionTimestamp !== undefined) return cluster !== undefined && !looked;
  if (cluster.metadata.deletionTimestamp !== undefined) return false;
  return !looked || !cluster.metadata.finalizers?.includes(FINALIZER);
}

/** What the object asks for; `undefined` when its spec is not valid. It is worked out anew each time: that is less than keeping it. */
function requestOf(object: TokenObject, { spec = object.spec, problem }: Checked): Request | undefined {
  return problem === undefined ? { spec, wanted: wantedOf(object, spec) } : undefined;
}

/** What its Secret should hold; `undefined` while spec or cluster do not tell. */
function contentOf(
  object: TokenObject,
  request: Request | undefined,
  cluster: ClusterState | undefined,
): SecretContent | undefined {
  if (request === undefined || cluster?.spec === undefined) return undefined;
  return secretContent(object, request.spec, request.wanted, dataURL(cluster.spec));
}

/** Once an object stands well, what failed before is over. */
function settle(memory: Memory, { verdict }: Decision): Memory {
  if (memory.setback === undefined || REASONS[verdict.reason].class !== 'good') return memory;
  const { setback: _, ...rest } = memory;
  return rest;
}
