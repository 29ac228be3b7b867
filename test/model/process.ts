// An operator process of the model: what it sees through its caches, what it remembers, and what its watches bring.

import type { TokenObject } from '../../src/resources/token-object.ts';
import { secretName } from '../../src/resources/defaults.ts';
import { FINALIZER, MANAGED_LABEL } from '../../src/resources/group.ts';
import { NOTHING_LOOKED_AT } from '../../src/tokens/learn.ts';
import { NO_MEMORY, type ClusterView, type Memory, type Observed, type SecretView } from '../../src/tokens/observed.ts';
import {
  inspect,
  secretContent,
  secretRecord,
  type LiveSecret,
  type SecretContent,
  type SecretRecord,
} from '../../src/tokens/secret.ts';
import { wantedOf } from '../../src/tokens/wanted.ts';
import { noteFailure } from './accounts.ts';
import { once } from './once.ts';
import { markerOf } from './readings.ts';
import { isValid } from './specs.ts';
import {
  INSTALLATION,
  type Inventory,
  type Process,
  type Settings,
  type Version,
  type View,
  type World,
} from './world.ts';

/** Brings the next change of a watch; `false` when there is none. */
export function deliver(process: Process, what: 'objects' | 'secrets'): boolean {
  if (what === 'objects') {
    const change = process.objectInbox.shift();
    return change !== undefined && see(process.objects, change);
  }
  const change = process.secretInbox.shift();
  return change !== undefined && see(process.secrets, change);
}

/** Takes in a version; a cache never goes back in time. */
export function see<T>(cache: Map<string, Version<T>>, change: Version<T>): boolean {
  if ((cache.get(change.name)?.version ?? 0) < change.version) cache.set(change.name, change);
  return true;
}

/** Takes in the object as it was answered to a write or a live look. */
export function seeObject(process: Process, object: TokenObject): void {
  const { name, resourceVersion } = object.metadata;
  see(process.objects, { name, version: Number(resourceVersion), value: object });
}

/** A process begins anew: its memory is lost, and its caches are filled from the API server. */
export function restart(w: World, process: Process): void {
  for (const { uid, memory } of process.kept.values()) {
    if (memory.pending !== undefined) noteFailure(w, uid);
  }
  process.objectInbox.length = 0;
  process.secretInbox.length = 0;
  process.kept.clear();
  process.passes.clear();
  process.objects.clear();
  process.secrets.clear();
  process.inventory = undefined;
  process.hindrance = undefined;
  process.listing = undefined;
  process.settings = w.settings;
  for (const [name, value] of w.objects) process.objects.set(name, { name, version: w.serial, value });
  for (const [name, secret] of w.secrets) {
    if (secret.metadata.labels?.[MANAGED_LABEL] !== 'true') continue;
    process.secrets.set(name, { name, version: w.serial, value: secretRecord(secret.metadata) });
  }
}

/** A fresh nonce. */
export function nonce(w: World): string {
  w.serial += 1;
  return w.serial.toString(16).padStart(16, '0');
}

/** What a pass starts with; `undefined` when this process sees no such object. */
export function observe(
  w: World,
  process: Process,
  name: string,
): { observed: Observed; content?: SecretContent } | undefined {
  const object = process.objects.get(name)?.value;
  if (object === undefined) {
    const kept = process.kept.get(name);
    if (kept?.memory.pending !== undefined) noteFailure(w, kept.uid);
    process.kept.delete(name);
    return undefined;
  }
  const { uid } = object.metadata;
  const valid = isValid(object);
  const content = valid ? contentFor(object, process.settings) : undefined;
  const wanted = content?.wanted;
  const cluster = clusterView(process, uid);
  const observed: Observed = {
    installation: INSTALLATION,
    object,
    ...(wanted === undefined ? { problem: 'the spec is not valid' } : { wanted }),
    ...(content === undefined ? {} : { layout: content.layout }),
    cluster,
    access: process.settings.denied.includes(name)
      ? { allowed: false, message: 'No rule allows it.' }
      : { allowed: true },
    namespaceTerminating: false,
    secret: cachedSecret(process, wanted?.secretName ?? secretName(object)),
    memory: remembered(w, process, name, uid),
    looked: NOTHING_LOOKED_AT,
    nonce: nonce(w),
  };
  return content === undefined ? { observed } : { observed, content };
}

/** As in the reconciler: what follows from a spec is worked out once. A spec is that of one object, whatever else changes at it. */
function contentFor(object: TokenObject, settings: Settings): SecretContent {
  const bySettings = contents(object.spec);
  let content = bySettings.get(settings);
  if (content === undefined) {
    content = secretContent(object, object.spec, wantedOf(object, object.spec), settings.dataURL);
    bySettings.set(settings, content);
  }
  return content.object === object ? content : { ...content, object };
}

const contents = once<TokenObject['spec'], WeakMap<Settings, SecretContent>>(() => new WeakMap());

/** Another object under the same name knows nothing of its predecessor. */
function remembered(w: World, process: Process, name: string, uid: string): Memory {
  const kept = process.kept.get(name);
  if (kept?.uid === uid) return kept.memory;
  if (kept?.memory.pending !== undefined) noteFailure(w, kept.uid);
  process.kept.set(name, { uid, memory: NO_MEMORY });
  return NO_MEMORY;
}

function cachedSecret(process: Process, name: string): SecretView {
  const record = process.secrets.get(name)?.value;
  return record === undefined ? { present: false, seen: 'cached' } : viewOf(record, 'cached');
}

function viewOf({ metadata, ...rest }: SecretRecord, seen: 'cached' | 'live'): Extract<SecretView, { present: true }> {
  return { present: true, seen, uid: metadata.uid, resourceVersion: metadata.resourceVersion, ...rest };
}

/** What a live look at a Secret tells. */
export function liveView(live: LiveSecret | undefined, content: SecretContent | undefined): SecretView {
  if (live === undefined) return { present: false, seen: 'live' };
  const known = views(live);
  const key = content?.wanted;
  let view = known.get(key);
  if (view === undefined) {
    const { intact, asWanted } = inspect(live, content);
    view = { ...viewOf(secretRecord(live.metadata), 'live'), intact, asWanted };
    known.set(key, view);
  }
  return view;
}

/** By what is wanted, of which there is one for each spec and settings, and no more are needed for a look. */
const views = once<LiveSecret, Map<SecretContent['wanted'] | undefined, SecretView>>(() => new Map());

/** The string that the Secret's ledger stands for. */
export const stringIn = once((live: LiveSecret) => inspect(live, undefined).string);

/** What is known of a Secret after writing it: the answer holds no data. */
export function writtenView(live: LiveSecret): SecretView {
  return { ...viewOf(secretRecord(live.metadata), 'live'), intact: true, asWanted: true };
}

function clusterView(process: Process, uid: string): ClusterView {
  const { settings, hindrance, inventory } = process;
  return {
    name: 'default',
    uid: settings.uid,
    ...(hindrance === undefined ? {} : { hindrance }),
    canRevoke: hindrance === undefined,
    suspended: settings.suspended,
    ...(settings.abandon === undefined ? {} : { abandon: settings.abandon }),
    withdrawal: settings.withdrawal,
    probing: settings.probing,
    changesInPlace: settings.kind === 'DatabaseToken',
    clockSkew: 0,
    ...(inventory === undefined ? {} : { inventory: ofObject(inventory, uid) }),
  };
}

/** The part of an inventory that concerns one object. */
export function ofObject({ begun, finished, knowsUs, tokens }: Inventory, uid: string): View {
  return { begun, finished, knowsUs, tokens: tokens.filter((token) => markerOf(token)?.uid === uid) };
}

/** Ids that this process knows to have been issued on the cluster. */
export function knownTokens(process: Process): string[] {
  const ids = new Set<string>();
  for (const { value } of process.secrets.values()) {
    if (value?.ledger?.clusterUID === process.settings.uid) ids.add(value.ledger.tokenID);
  }
  for (const { value } of process.objects.values()) {
    const token = value?.status?.token;
    if (token?.clusterUID === process.settings.uid) ids.add(token.id);
  }
  return [...ids];
}

/** Whether nothing is left to do for it. */
export function released({ metadata }: TokenObject): boolean {
  return metadata.deletionTimestamp !== undefined && !(metadata.finalizers ?? []).includes(FINALIZER);
}
