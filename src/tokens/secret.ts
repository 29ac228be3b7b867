// The Secret as it is written and as it is read: manifests, JSON patches, and what a look at one tells.

import { commonText } from '../common.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { rfc3339 } from '../resources/conditions.ts';
import { namedDatabases, secretKeys } from '../resources/defaults.ts';
import { API_VERSION, MANAGED_LABEL } from '../resources/group.ts';
import type { TokenObject, TokenSpec } from '../resources/token-object.ts';
import { layoutOf } from './layout.ts';
import { digest, LEDGER, readLedger, writeLedger, type Ledger } from './ledger.ts';
import type { Wanted } from './observed.ts';

/** Who we are in managedFields; by it, fields that we set are told from those of others. */
export const FIELD_MANAGER = 'influxdb-token-operator';

interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** The metadata of a Secret, as far as it is looked at. */
export interface SecretMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly {
    readonly manager?: string;
    readonly fieldsV1?: {
      readonly 'f:data'?: object;
      readonly 'f:metadata'?: { readonly 'f:labels'?: object; readonly 'f:annotations'?: object };
    };
  }[];
}

/** A Secret as the API server hands it out. It holds token strings: it is never logged, and lives no longer than a pass. */
export interface LiveSecret {
  readonly type?: string;
  readonly metadata: SecretMetadata;
  readonly data?: Readonly<Record<string, string>>;
}

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'test' | 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** What a Secret of ours is made of besides its ledger. */
export interface SecretContent {
  readonly object: TokenObject;
  readonly spec: TokenSpec;
  readonly wanted: Wanted;
  readonly dataURL: string;
  /** See `layoutOf`. */
  readonly layout: string;
}

/** The content for an object; its layout is worked out here, once for all looks and writes of a pass. */
export function secretContent(object: TokenObject, spec: TokenSpec, wanted: Wanted, dataURL: string): SecretContent {
  return { object, spec, wanted, dataURL, layout: layoutOf({ spec, wanted, dataURL }) };
}

/** A Secret before the API server has it. */
interface SecretManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly type: 'Opaque';
  readonly metadata: Omit<SecretMetadata, 'uid' | 'resourceVersion'>;
  readonly data: Readonly<Record<string, string>>;
}

/** The body of the create-only POST. */
export function secretManifest(content: SecretContent, ledger: Ledger, string: TokenString): SecretManifest {
  const { object, spec, wanted } = content;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: wanted.secretName,
      namespace: object.metadata.namespace,
      labels: { ...spec.secret?.labels, [MANAGED_LABEL]: 'true' },
      annotations: annotationsOf(content, ledger),
      ...(wanted.retained ? {} : { ownerReferences: [ownerReference(object)] }),
    },
    data: dataOf(content, ledger, string),
  };
}

/**
 * The compare-and-swap: succeeds only while the Secret is the one that `base` describes, and what is right and so left alone is as it was
 * read; whatever else strangers changed at it. Else a string that was edited in the moment between would pass for ours until somebody
 * looks again, and its answer does not show data. Keys that hold the former string are removed, so that no stale token stays behind under
 * an old key.
 *
 * @param live the Secret as it was read
 * @param base the ledger that must still stand there; without one, the Secret must be unchanged altogether
 */
export function swapPatch(
  live: LiveSecret,
  base: Ledger | undefined,
  content: SecretContent,
  ledger: Ledger,
  string: TokenString,
): PatchOperation[] {
  const { object, spec, wanted } = content;
  const { metadata, data = {} } = live;
  const annotations = annotationsOf(content, ledger);
  const labels = { ...spec.secret?.labels, [MANAGED_LABEL]: 'true' };
  return [
    ...unchangedSince(metadata, base),
    ...edit('metadata/annotations', metadata.annotations, annotations, [
      ...Object.values(LEDGER),
      ...formerlyOurs(metadata, 'f:annotations'),
    ]),
    ...edit('metadata/labels', metadata.labels, labels, formerlyOurs(metadata, 'f:labels')),
    ...edit('data', live.data, dataOf(content, ledger, string), [
      ...formerlyOurs(metadata, 'f:data'),
      ...copies(data, base),
    ]),
    ...owners(metadata, object, wanted),
  ];
}

/**
 * Takes an owner off, whatever else the Secret holds, and bumps the fence: a writer that slept through this fails its
 * compare-and-swap, and cannot put the owner back.
 */
export function disownPatch({ metadata }: LiveSecret, base: Ledger | undefined, ownerUID: string): PatchOperation[] {
  const others = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUID);
  const fence = pointer('metadata', 'annotations', LEDGER.fence);
  return [
    ...unchangedSince(metadata, base),
    { op: 'add', path: '/metadata/ownerReferences', value: others },
    ...(base === undefined ? [] : [{ op: 'add', path: fence, value: String(base.fence + 1) } as const]),
  ];
}

/** The Secret still names the token of `base`, and nobody of us has written it since; without a ledger, nobody at all. */
function unchangedSince({ uid, resourceVersion }: SecretMetadata, base: Ledger | undefined): PatchOperation[] {
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...(base === undefined
      ? [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion } as const]
      : [
          { op: 'test', path: pointer('metadata', 'annotations', LEDGER.tokenID), value: base.tokenID } as const,
          { op: 'test', path: pointer('metadata', 'annotations', LEDGER.fence), value: String(base.fence) } as const,
        ]),
  ];
}

/** What a live look tells beyond the metadata. */
export interface Inspection {
  /** The string under one of the keys, the one that the digest in the ledger stands for. */
  readonly string?: TokenString;
  /** The string stands, unchanged, under some key: nothing has to be minted, at most keys have to be rewritten. */
  readonly intact: boolean;
  /** Keys, labels, annotations and owner are as the spec wants them, as far as that is known. */
  readonly asWanted: boolean;
}

/** Compares a Secret with its ledger and with what it should hold. */
export function inspect(live: LiveSecret, content: SecretContent | undefined): Inspection {
  const ledger = readLedger(live.metadata.annotations ?? {});
  const { data = {} } = live;
  const found = ledger === undefined ? undefined : findString(data, ledger);
  if (ledger === undefined || found === undefined) return { intact: false, asWanted: false };
  // A layout that is missing or wrong is put right by the next write; it is no reason for one.
  const asWanted =
    content !== undefined &&
    swapPatch(live, ledger, content, ledger, found).every(({ op, path }) => op === 'test' || path === LAYOUT);
  return { string: found, intact: true, asWanted };
}

/** What the watch keeps of a Secret: no data, and of managedFields only whether someone else wrote any. */
export interface SecretRecord {
  readonly metadata: Pick<SecretMetadata, 'name' | 'namespace' | 'uid' | 'resourceVersion'>;
  readonly ledger?: Ledger;
  /** For people, where no ledger tells whose it is. */
  readonly owners: readonly string[];
  readonly ownerUIDs: readonly string[];
  readonly terminating: boolean;
  /** managedFields show another writer of its data: after a restart that is the hint to look. */
  readonly foreignWriter: boolean;
}

const NOBODY: readonly string[] = [];

/** Reduces metadata to what the plan looks at. */
export function secretRecord(metadata: SecretMetadata): SecretRecord {
  const { name, namespace, uid, resourceVersion, ownerReferences = [], managedFields = [] } = metadata;
  const ledger = readLedger(metadata.annotations ?? {});
  return {
    metadata: { name, namespace: commonText(namespace), uid, resourceVersion },
    ...(ledger === undefined ? {} : { ledger }),
    owners: ledger === undefined ? ownerReferences.map((owner) => `${owner.kind}/${owner.name}`) : NOBODY,
    ownerUIDs: ownerReferences.map((owner) => commonText(owner.uid)),
    terminating: metadata.deletionTimestamp !== undefined,
    foreignWriter: managedFields.some(
      ({ manager, fieldsV1 }) => manager !== FIELD_MANAGER && fieldsV1?.['f:data'] !== undefined,
    ),
  };
}

/** The layout is that of what is written, whatever a ledger said of what stood there before. */
function annotationsOf(content: SecretContent, ledger: Ledger): Record<string, string> {
  return { ...content.spec.secret?.annotations, ...writeLedger({ ...ledger, layout: content.layout }) };
}

function dataOf({ spec, dataURL }: SecretContent, ledger: Ledger, string: TokenString): Record<string, string> {
  const keys = secretKeys(spec);
  const [database] = namedDatabases(spec.permissions);
  const values = {
    token: string.reveal(),
    url: dataURL,
    database,
    tokenID: ledger.tokenID,
    expiresAt: ledger.expiresAt === undefined ? '' : rfc3339(ledger.expiresAt),
  };
  // Entries, because assigning to a key named "__proto__" would set nothing.
  return Object.fromEntries(
    (['token', 'url', 'database', 'tokenID', 'expiresAt'] as const).flatMap((what) => {
      const key = keys[what];
      const value = values[what];
      return key === undefined || value === undefined ? [] : [[key, Buffer.from(value).toString('base64')]];
    }),
  );
}

function ownerReference(object: TokenObject): OwnerReference {
  const { name, uid } = object.metadata;
  return { apiVersion: API_VERSION, kind: object.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Brings the owner references in line, leaving those of others; a former object of the same name is none any more. */
function owners(metadata: SecretMetadata, object: TokenObject, wanted: Wanted): PatchOperation[] {
  const before = metadata.ownerReferences ?? [];
  const others = before.filter(({ kind, name }) => kind !== object.kind || name !== object.metadata.name);
  const after = wanted.retained ? others : [...others, ownerReference(object)];
  const path = '/metadata/ownerReferences';
  const same = before.length === after.length && after.every(({ uid }) => before.some((owner) => owner.uid === uid));
  if (!same) return [{ op: 'add', path, value: after }];
  return before.length === 0 ? [] : [{ op: 'test', path, value: before }];
}

/** Operations that set what differs, test what does not, and remove what is named and there; a missing map is made whole. */
function edit(
  path: string,
  before: Readonly<Record<string, string>> | undefined,
  after: Readonly<Record<string, string>>,
  remove: readonly string[],
): PatchOperation[] {
  if (before === undefined) return [{ op: 'add', path: `/${path}`, value: after }];
  const at = (key: string): string => `/${path}${pointer(key)}`;
  // Maps, because every object seems to have keys such as "constructor".
  const was = new Map(Object.entries(before));
  const wanted = new Map(Object.entries(after));
  const removed = [...new Set(remove)].filter((key) => was.has(key) && !wanted.has(key));
  return [
    ...[...wanted].map(([key, value]) => {
      return { op: was.get(key) === value ? 'test' : 'add', path: at(key), value } as const;
    }),
    ...removed.map((key) => ({ op: 'remove', path: at(key) }) as const),
  ];
}

/** Keys that we set earlier, by managedFields; those of others are left alone. */
function formerlyOurs(metadata: SecretMetadata, field: 'f:labels' | 'f:annotations' | 'f:data'): string[] {
  const ours = (metadata.managedFields ?? []).filter(({ manager }) => manager === FIELD_MANAGER);
  return ours.flatMap(({ fieldsV1 }) => {
    const fields = field === 'f:data' ? fieldsV1?.[field] : fieldsV1?.['f:metadata']?.[field];
    return Object.keys(fields ?? {})
      .filter((key) => key.startsWith('f:'))
      .map((key) => key.slice(2));
  });
}

/** Keys that hold the ledger's string, whoever put it there: no stale token may stay behind. */
function copies(data: Readonly<Record<string, string>>, ledger: Ledger | undefined): string[] {
  if (ledger === undefined) return [];
  return Object.entries(data).flatMap(([key, value]) => (holdsString(value, ledger) ? [key] : []));
}

function findString(data: Readonly<Record<string, string>>, ledger: Ledger): TokenString | undefined {
  const value = Object.values(data).find((candidate) => holdsString(candidate, ledger));
  return value === undefined ? undefined : new TokenString(decode(value));
}

function holdsString(value: string, ledger: Ledger): boolean {
  return digest(ledger.tokenID, new TokenString(decode(value))) === ledger.digest;
}

function decode(value: string): string {
  return Buffer.from(value, 'base64').toString();
}

const LAYOUT = pointer('metadata', 'annotations', LEDGER.layout);

/** A JSON Pointer (RFC 6901). */
function pointer(...parts: readonly string[]): string {
  return parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
