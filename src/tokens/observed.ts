// What the plan looks at: one object and everything known about it, as plain data.

import type { CreatedToken, Permission, TokenInfo } from '../influxdb/issuer.ts';
import type { ProbeVerdict } from '../influxdb/probe.ts';
import type { Verdict } from '../resources/conditions.ts';
import type { TokenObject } from '../resources/token-object.ts';
import type { Ledger } from './ledger.ts';

/** The Secret of the object's name, as last seen. */
export type SecretView =
  /** `cached`: the watch shows none of ours by that name; there may be a foreign one. `doubted`: something else says otherwise. */
  | { readonly present: false; readonly seen: 'cached' | 'live'; readonly doubted?: boolean }
  | {
      readonly present: true;
      readonly seen: 'cached' | 'live';
      readonly uid: string;
      readonly resourceVersion: string;
      /** What was read of it may be out of date. */
      readonly doubted?: boolean;
      /** Absent when it carries none that can be read completely. */
      readonly ledger?: Ledger;
      /** Owner references, each as `Kind/name`, for people; of a Secret without a ledger. */
      readonly owners: readonly string[];
      /** UIDs that owner references name. */
      readonly ownerUIDs: readonly string[];
      /** It is on its way out. */
      readonly terminating: boolean;
      /** managedFields show that someone else wrote its data: a hint to look at it live. */
      readonly foreignWriter: boolean;
      /** Only of a live look: the string matches the ledger's digest. */
      readonly intact?: boolean;
      /** Only of a live look: keys, labels, annotations and owner are as the spec wants them. */
      readonly asWanted?: boolean;
    };

/** The InfluxDBCluster that the object refers to. */
export interface ClusterView {
  readonly name: string;
  readonly uid: string;
  /** Why nothing can be asked of the cluster now; absent when it is connected. */
  readonly hindrance?: Verdict;
  /** Tokens can be revoked all the same: the credential went missing, but the last good one is still in memory. */
  readonly canRevoke: boolean;
  readonly suspended: boolean;
  /** An administrator's reason for letting go of tokens that cannot be revoked. */
  readonly abandon?: string;
  readonly withdrawal: 'Keep' | 'Revoke';
  readonly probing: boolean;
  /** Whether the issuer can change a token in place. */
  readonly changesInPlace: boolean;
  /** Server's clock minus ours, milliseconds. */
  readonly clockSkew: number;
  /** The last complete look at all tokens, as far as it concerns this object. */
  readonly inventory?: {
    /** Our clock when it was asked for: everything that had happened on the server by then is in it. */
    readonly begun: number;
    /** Our clock when its answer was complete: nothing that happened later is in it. */
    readonly finished: number;
    /** It shows at least one token that our ledgers name, so it is the cluster that they were issued on. */
    readonly knowsUs: boolean;
    /** Live tokens that carry our installation and this object's UID. */
    readonly tokens: readonly TokenInfo[];
  };
}

/** Why a token is minted; it decides overlap, budget and what people read. */
export type MintCause =
  | 'first'
  | 'secretDeleted'
  | 'takeover'
  | 'ledgerDamaged'
  | 'revokedOutside'
  | 'markerRemoved'
  | 'editedByHand'
  | 'rotateImmediately'
  | 'endChanged'
  | 'contentChanged'
  | 'renewalDue'
  | 'rotate';

/** What the access rules say about the object: allowed, by a rule with this ceiling, or why not; `ceiling` when only the ceilings of a rule are exceeded. */
export type Access =
  | { readonly allowed: true; readonly maxTokens?: number }
  | { readonly allowed: false; readonly message: string; readonly ceiling?: boolean };

/** A token whose string is still only in memory. */
export interface Pending {
  readonly attempt: string;
  readonly cause: MintCause;
  readonly created: CreatedToken;
  /** Server's clock when it was asked for, whole seconds; its lifetime counts from here. */
  readonly issuedAt: number;
  /** The Secret that it is to be written into by compare-and-swap; absent: the Secret is to be created. */
  readonly base?: { readonly uid: string; readonly ledger?: Ledger };
  readonly clusterUID: string;
  readonly expiresAt?: number;
  /** The token that stays alive for a while once this one is written. */
  readonly superseded: readonly { readonly id: string; readonly expiresAt?: number }[];
  readonly handledRotation?: string;
  readonly handledRotationImmediately?: string;
  /** Written only once the data API takes it, because the Secret holds a token that works until then. */
  readonly probeFirst: boolean;
  /** What it replaces leaked, so it gets no overlap. */
  readonly atOnce?: boolean;
  /** The last try to write it failed, or its answer was lost: look before the next. */
  readonly unsure?: boolean;
  /** It is never to be written: it has to be revoked. */
  readonly givenUp?: boolean;
}

/** A creation that was sent; kept for the budget. */
export interface Mint {
  readonly at: number;
  readonly generation: number;
  readonly nonces: string;
  /** A renewal that fell due; those do not count. */
  readonly scheduled: boolean;
}

/** How far the activation probe of a token has come. Instants by our clock. */
export interface ProbeProgress {
  readonly tokenID: string;
  readonly since: number;
  readonly tries: number;
  readonly nextAt: number;
  readonly verdict?: ProbeVerdict;
}

/** Something that failed and is to be tried again. */
export interface Setback {
  readonly verdict: Verdict;
  readonly retryAt: number;
  readonly count: number;
  /** A new generation of the spec is tried at once. */
  readonly generation: number;
}

/** A token that was created in vain: when it was given up, and what it was asked for by. Whoever asks anew is tried at once. */
export interface InVain {
  readonly at: number;
  readonly generation: number;
  readonly nonces: string;
}

/** What this process remembers of an object. It is lost in a crash, and everything must be safe without it. */
export interface Memory {
  readonly pending?: Pending;
  /** Nonces of creations whose answer was lost, with the time of the attempt; the next inventory begun later finds them. */
  readonly unsettled: readonly { readonly attempt: string; readonly at: number }[];
  readonly mints: readonly Mint[];
  readonly probe?: ProbeProgress;
  /** The last successor that the data API did not accept in time. */
  readonly refused?: InVain;
  /** Tokens in a row that were created and then could not be written, and the last of them. */
  readonly unwritten?: InVain & { readonly count: number };
  readonly setback?: Setback;
  /** The Secret was, at this version, found or written by this process with this layout, and its token intact. */
  readonly verified?: { readonly resourceVersion: string; readonly layout?: string };
  /** Our clock when this process last wrote the Secret's ledger. */
  readonly ledgerWrittenAt?: number;
  /** The server's own words about the current token, with our clock when they were asked for. */
  readonly server?: { readonly info: TokenInfo; readonly at: number };
  /** The last change in place, so that one is sent per spec and view of the server. */
  readonly changed?: { readonly generation: number; readonly view: string };
  /** Tokens of this object known to be revoked, or not there, by the server's own words. */
  readonly ended: readonly string[];
  /** When a Secret of a former object of the same name was first seen. */
  readonly takeoverSince?: number;
}

/** What an object starts with in this process. */
export const NO_MEMORY: Memory = { unsettled: [], mints: [], ended: [] };

/** What the spec asks for, worked out once per generation. */
export interface Wanted {
  /** The text in front of the marker. */
  readonly description: string;
  readonly permissions: readonly Permission[];
  /** A fixed end. */
  readonly expiresAt?: number;
  /** Milliseconds from one creation to the end of the token. */
  readonly lifetime?: number;
  /** Milliseconds before the end at which it is renewed; only with `lifetime`. */
  readonly renewBefore?: number;
  /** Milliseconds that a replaced token lives on; absent: to its own end, or a day. */
  readonly overlap?: number;
  readonly secretName: string;
  /** The Secret outlives the object. */
  readonly retained: boolean;
}

/** Live looks of the running pass. They are forgotten when it ends. */
export interface Looks {
  /** The object itself was read from the API server. */
  readonly object: boolean;
  /** The write of the Secret passed its dry run. */
  readonly rehearsed: boolean;
  /** The server's words by token id, with our clock when it was asked; `gone` is the API's own 404. */
  readonly tokens: Readonly<Record<string, { readonly info: TokenInfo | 'gone'; readonly at: number } | undefined>>;
}

/** Everything the plan may look at. */
export interface Observed {
  readonly installation: string;
  readonly object: TokenObject;
  /** Absent when the spec is not valid; `problem` then says why. */
  readonly wanted?: Wanted;
  readonly problem?: string;
  /** What the Secret is to look like, as `layoutOf` names it; absent while spec or cluster do not tell. */
  readonly layout?: string;
  readonly cluster?: ClusterView;
  readonly access: Access;
  /** Our clock when an object of this namespace may get its first token; absent or past: now. */
  readonly newcomersFrom?: number;
  readonly namespaceTerminating: boolean;
  readonly secret: SecretView;
  readonly memory: Memory;
  /** What was looked at live in this pass: nothing is revoked, and nothing minted again, on an older view. */
  readonly looked: Looks;
  /** A fresh random nonce for the next attempt, 16 hexadecimal digits. */
  readonly nonce: string;
}
