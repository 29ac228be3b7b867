// The state of the model: an API server, an InfluxDB cluster and operator processes, as plain data that can be copied.

import type { TokenInfo } from '../../src/influxdb/issuer.ts';
import type { TokenString } from '../../src/influxdb/token-string.ts';
import type { Verdict } from '../../src/resources/conditions.ts';
import type { TokenKind } from '../../src/resources/group.ts';
import type { TokenStatus } from '../../src/resources/status.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import type { ClusterView, Memory, Observed } from '../../src/tokens/observed.ts';
import type { Outcome } from '../../src/tokens/outcome.ts';
import type {
  LiveSecret,
  PatchOperation,
  SecretContent,
  SecretMetadata,
  SecretRecord,
} from '../../src/tokens/secret.ts';
import type { Step } from '../../src/tokens/step.ts';

export const NAMESPACE = 'ns';
export const INSTALLATION = 'model';

/** The body of a Secret's creation, as far as the model looks at it. */
export interface Manifest {
  readonly metadata: Omit<SecretMetadata, 'uid' | 'resourceVersion' | 'namespace'>;
  readonly data?: Readonly<Record<string, string>>;
}

/** A token on the server, with what only the model knows of it. */
export interface ServerToken {
  readonly info: TokenInfo;
  readonly string: TokenString;
  /** UID of the object that it was minted for; absent for a stranger's. */
  readonly uid?: string;
  /** The data API takes it. */
  readonly active: boolean;
  /** It stood in a Secret. */
  readonly published: boolean;
  /** It was asked for on an old view of the object. */
  readonly stale?: boolean;
  readonly revokedBy?: 'operator' | 'stranger';
  /** Serial at which a stranger took our marker off. */
  readonly unmarkedAt?: number;
  /** We revoked it, and afterwards the Secret that fenced it off was deleted: a writer that slept through both can still create one. */
  readonly unfenced?: boolean;
  /** The server does not know it any more. */
  readonly forgotten?: boolean;
}

/** What the InfluxDBCluster says, as far as the model varies it, and what its tokens are like. */
export interface Settings {
  readonly uid: string;
  /** Of all objects; management tokens cannot be changed in place, by nobody. */
  readonly kind: TokenKind;
  /** An admission policy gives every object our finalizer as it is created. */
  readonly bornWithFinalizer: boolean;
  readonly dataURL: string;
  readonly suspended: boolean;
  readonly withdrawal: 'Keep' | 'Revoke';
  readonly probing: boolean;
  /** Names of objects that the access rules deny. */
  readonly denied: readonly string[];
  readonly abandon?: string;
}

/** A version of something watched; without a value it is gone. */
export interface Version<T> {
  readonly name: string;
  readonly version: number;
  readonly value?: T;
}

/** One look at all tokens, before it is narrowed to an object. */
export interface Inventory {
  readonly begun: number;
  readonly finished: number;
  readonly knowsUs: boolean;
  readonly tokens: readonly TokenInfo[];
}

/** A step of a plan, or the writing of the status after the last one. */
export type Ask = Step | { readonly do: 'report'; readonly status: TokenStatus };

/** A request on its way: it can take effect, and its answer can arrive, at any time or never. */
export interface Request {
  readonly process: number;
  readonly name: string;
  readonly uid: string;
  readonly ask: Ask;
  readonly sentAt: number;
  /** Serial at which the pass began that sent it. */
  readonly since: number;
  readonly resourceVersion: string;
  readonly secretName: string;
  readonly content?: SecretContent;
  /** The body of a Secret's creation or compare-and-swap. */
  readonly write?: { readonly manifest: Manifest } | { readonly patch: readonly PatchOperation[] };
  readonly string?: TokenString;
  /** Ids that this process knows by ledgers and status, at the begin of an inventory. */
  readonly known?: readonly string[];
  /** Present once it took effect. */
  readonly answer?: Answer;
}

/** What a process will learn from a request that took effect. */
export interface Answer {
  readonly outcome: Outcome;
  /** The Secret as it was read; `null` when there was none. */
  readonly live?: LiveSecret | null;
  readonly wrote?: TokenString;
  /** The whole of an inventory, to be shared with the process. */
  readonly inventory?: Inventory;
}

/** One pass over one object. */
export interface Pass {
  readonly observed: Observed;
  readonly content?: SecretContent;
  readonly live?: LiveSecret;
  readonly written?: TokenString;
  readonly steps: number;
  readonly since: number;
  readonly request: Request;
}

/** What a process keeps of an object between passes. */
export interface Kept {
  readonly uid: string;
  readonly memory: Memory;
  readonly wakeAt?: number;
}

/** An operator process: caches, inboxes of what its watches have not brought yet, and memory. */
export interface Process {
  readonly objects: Map<string, Version<TokenObject>>;
  readonly secrets: Map<string, Version<SecretRecord>>;
  readonly objectInbox: Version<TokenObject>[];
  readonly secretInbox: Version<SecretRecord>[];
  settings: Settings;
  inventory: Inventory | undefined;
  hindrance: Verdict | undefined;
  /** The inventory of the cluster reconciler that is under way. */
  listing: Request | undefined;
  readonly kept: Map<string, Kept>;
  readonly passes: Map<string, Pass>;
}

/** What happened to an object, for the invariants. */
export interface Account {
  readonly name: string;
  /** `POST`s that reached the server. */
  readonly posts: number;
  /** Tokens that stood in its Secret, scheduled renewals apart. */
  readonly published: number;
  /** Things that happened which ask for another token. */
  readonly reasons: number;
  /** Attempts that failed, or whose fate nobody knows. */
  readonly failures: number;
  /** Tokens left alive when it went, by a recorded decision. */
  readonly left?: readonly string[];
  readonly because?: string;
}

export interface World {
  /** Milliseconds since the Unix epoch, the same for everybody. */
  now: number;
  /** Source of resource versions, UIDs, ids and nonces. */
  serial: number;
  settings: Settings;
  readonly objects: Map<string, TokenObject>;
  readonly secrets: Map<string, LiveSecret>;
  readonly tokens: Map<string, ServerToken>;
  readonly processes: Process[];
  /** Requests whose sender no longer waits, and that may still arrive. */
  readonly afloat: Request[];
  readonly accounts: Map<string, Account>;
  /** Whose Secret it really is, by its UID: an object's UID or `stranger`. */
  readonly belongs: Map<string, string>;
  /** UIDs of Secrets whose data or ledger a stranger changed since we last wrote a token into them. */
  readonly tampered: Set<string>;
}

export type View = NonNullable<ClusterView['inventory']>;

/** A copy that can be changed without changing the original. Values within are never changed, only replaced. */
export function copyWorld(w: World): World {
  return {
    ...w,
    objects: new Map(w.objects),
    secrets: new Map(w.secrets),
    tokens: new Map(w.tokens),
    processes: w.processes.map((process) => ({
      ...process,
      objects: new Map(process.objects),
      secrets: new Map(process.secrets),
      objectInbox: [...process.objectInbox],
      secretInbox: [...process.secretInbox],
      kept: new Map(process.kept),
      passes: new Map(process.passes),
    })),
    afloat: [...w.afloat],
    accounts: new Map(w.accounts),
    belongs: new Map(w.belongs),
    tampered: new Set(w.tampered),
  };
}

/** A world without objects. */
export function emptyWorld(processes: number, settings: Partial<Settings> = {}): World {
  const all: Settings = {
    uid: 'cluster-1',
    kind: 'DatabaseToken',
    bornWithFinalizer: false,
    dataURL: 'https://influxdb.example',
    suspended: false,
    withdrawal: 'Keep',
    probing: false,
    denied: [],
    ...settings,
  };
  return {
    now: Date.UTC(2026, 0, 1),
    serial: 0,
    settings: all,
    objects: new Map(),
    secrets: new Map(),
    tokens: new Map(),
    processes: Array.from({ length: processes }, () => newProcess(all)),
    afloat: [],
    accounts: new Map(),
    belongs: new Map(),
    tampered: new Set(),
  };
}

function newProcess(settings: Settings): Process {
  return {
    objects: new Map(),
    secrets: new Map(),
    objectInbox: [],
    secretInbox: [],
    settings,
    inventory: undefined,
    hindrance: undefined,
    listing: undefined,
    kept: new Map(),
    passes: new Map(),
  };
}

/** The promise that was broken, in words. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}
