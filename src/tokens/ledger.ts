// The ledger: the annotations of a Secret that say which token is current and which are in their overlap.

import { hash } from 'node:crypto';

import { commonText } from '../common.ts';
import { isTokenID } from '../influxdb/api-json.ts';
import type { TokenString } from '../influxdb/token-string.ts';
import { rfc3339 } from '../resources/conditions.ts';
import { GROUP } from '../resources/group.ts';

/** A token that was replaced and lives on until its overlap ends (milliseconds since the Unix epoch). */
export interface Superseded {
  readonly id: string;
  readonly revokeAfter: number;
}

/** What a Secret of ours says about its token. Instants are milliseconds since the Unix epoch, whole seconds. */
export interface Ledger {
  /** `Kind/namespace/name/uid` of the object that the Secret was written for. */
  readonly object: string;
  /** UID of the InfluxDBCluster that the token lives on. */
  readonly clusterUID: string;
  readonly tokenID: string;
  /** Nonce of the attempt that made the token. */
  readonly attempt: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
  /** Counts up with every write, so that a writer that slept through one fails its compare-and-swap. */
  readonly fence: number;
  readonly superseded: readonly Superseded[];
  /** Value of the `rotate` annotation that was last acted upon. */
  readonly handledRotation?: string;
  /** Value of the `rotate-immediately` annotation that was last acted upon. */
  readonly handledRotationImmediately?: string;
  /** Shows hand edits, see `digest`. */
  readonly digest: string;
  /** What the Secret was written for besides the token, see `layoutOf`; absent in a Secret that was written before there was such a thing. */
  readonly layout?: string;
}

const LEDGER_VERSION = '1';

/** A UID of Kubernetes has 36 characters, and status takes 64. */
const LONGEST_UID = 64;

/** The annotation keys of the ledger. */
export const LEDGER = {
  version: `${GROUP}/ledger-version`,
  object: `${GROUP}/object`,
  clusterUID: `${GROUP}/cluster-uid`,
  tokenID: `${GROUP}/token-id`,
  attempt: `${GROUP}/attempt`,
  issuedAt: `${GROUP}/issued-at`,
  expiresAt: `${GROUP}/expires-at`,
  fence: `${GROUP}/fence`,
  superseded: `${GROUP}/superseded`,
  handledRotation: `${GROUP}/handled-rotation`,
  handledRotationImmediately: `${GROUP}/handled-rotation-immediately`,
  digest: `${GROUP}/digest`,
  layout: `${GROUP}/layout`,
} as const;

/** Names an object in a ledger. */
export function objectReference(kind: string, namespace: string, name: string, uid: string): string {
  return `${kind}/${namespace}/${name}/${uid}`;
}

/** The kind of the object that a ledger names. */
export function kindOf({ object }: Pick<Ledger, 'object'>): string {
  return object.slice(0, object.indexOf('/'));
}

/** The UID of the object that a ledger names. */
export function uidOf({ object }: Pick<Ledger, 'object'>): string {
  return object.slice(object.lastIndexOf('/') + 1);
}

/** SHA-256 over version, id and string. A token string has 512 random bits, so the digest needs no key to hide it. */
export function digest(id: string, string: TokenString): string {
  return `sha256:${hash('sha256', `${GROUP}/v1\0${id}\0${string.reveal()}`)}`;
}

/** The ledger as annotations. An absent field has no annotation. */
export function writeLedger(ledger: Ledger): Record<string, string> {
  const superseded = writeSuperseded(ledger.superseded);
  return {
    [LEDGER.version]: LEDGER_VERSION,
    [LEDGER.object]: ledger.object,
    [LEDGER.clusterUID]: ledger.clusterUID,
    [LEDGER.tokenID]: ledger.tokenID,
    [LEDGER.attempt]: ledger.attempt,
    [LEDGER.issuedAt]: rfc3339(ledger.issuedAt),
    ...(ledger.expiresAt === undefined ? {} : { [LEDGER.expiresAt]: rfc3339(ledger.expiresAt) }),
    [LEDGER.fence]: String(ledger.fence),
    ...(superseded === undefined ? {} : { [LEDGER.superseded]: superseded }),
    ...(ledger.handledRotation === undefined ? {} : { [LEDGER.handledRotation]: ledger.handledRotation }),
    ...(ledger.handledRotationImmediately === undefined
      ? {}
      : { [LEDGER.handledRotationImmediately]: ledger.handledRotationImmediately }),
    [LEDGER.digest]: ledger.digest,
    ...(ledger.layout === undefined ? {} : { [LEDGER.layout]: ledger.layout }),
  };
}

/**
 * Reads a ledger off annotations. `undefined` when there is none, or one that this version did not write just so: whoever may write
 * Secrets may write anything there, and half a ledger must never be acted upon, nor one that does not compare as the text it was read from.
 */
export function readLedger(annotations: Readonly<Record<string, string>>): Ledger | undefined {
  if (annotations[LEDGER.version] !== LEDGER_VERSION) return undefined;
  const { [LEDGER.object]: object, [LEDGER.clusterUID]: clusterUID, [LEDGER.tokenID]: tokenID } = annotations;
  const { [LEDGER.attempt]: attempt, [LEDGER.digest]: digestText, [LEDGER.expiresAt]: end } = annotations;
  const { [LEDGER.handledRotation]: handledRotation, [LEDGER.layout]: layout } = annotations;
  const { [LEDGER.handledRotationImmediately]: handledRotationImmediately } = annotations;
  const issuedAt = instant(annotations[LEDGER.issuedAt]);
  const expiresAt = instant(end);
  const fence = readFence(annotations[LEDGER.fence]);
  const superseded = readSuperseded(annotations[LEDGER.superseded]);
  if (!object || !clusterUID || !tokenID || !attempt || !digestText) return undefined;
  if (issuedAt === undefined || fence === undefined || superseded === undefined) return undefined;
  if (expiresAt === undefined && end !== undefined) return undefined;
  if (clusterUID.length > LONGEST_UID || !isTokenID(tokenID)) return undefined;
  return {
    object,
    clusterUID: commonText(clusterUID),
    tokenID: commonText(tokenID),
    attempt,
    issuedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    fence,
    superseded,
    ...(handledRotation === undefined ? {} : { handledRotation }),
    ...(handledRotationImmediately === undefined ? {} : { handledRotationImmediately }),
    digest: digestText,
    ...(layout === undefined ? {} : { layout: commonText(layout) }),
  };
}

/** An instant that is written as we write it. */
function instant(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(value) || rfc3339(value) !== text ? undefined : value;
}

/** A number that the next write can count on from. */
function readFence(text: string | undefined): number | undefined {
  const fence = Number(text);
  return fence < 0 || !Number.isSafeInteger(fence + 1) || String(fence) !== text ? undefined : fence;
}

const NOTHING: readonly Superseded[] = [];

function readSuperseded(text: string | undefined): readonly Superseded[] | undefined {
  if (text === undefined) return NOTHING;
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries)) return undefined;
  const superseded: Superseded[] = [];
  for (const entry of entries as unknown[]) {
    if (typeof entry !== 'object' || entry === null || !('id' in entry) || !('revokeAfter' in entry)) return undefined;
    const revokeAfter = typeof entry.revokeAfter === 'string' ? instant(entry.revokeAfter) : undefined;
    if (typeof entry.id !== 'string' || !isTokenID(entry.id) || revokeAfter === undefined) return undefined;
    superseded.push({ id: entry.id, revokeAfter });
  }
  // Status lists each once.
  if (new Set(superseded.map(({ id }) => id)).size < superseded.length) return undefined;
  return writeSuperseded(superseded) === text ? superseded : undefined;
}

/** Without any there is no annotation. */
function writeSuperseded(superseded: readonly Superseded[]): string | undefined {
  if (superseded.length === 0) return undefined;
  return JSON.stringify(superseded.map(({ id, revokeAfter }) => ({ id, revokeAfter: rfc3339(revokeAfter) })));
}
