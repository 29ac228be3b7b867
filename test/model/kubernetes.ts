// The API server of the model: objects and Secrets, create-only writes, compare-and-swap, watches and the garbage collector.

import type { TokenObject } from '../../src/resources/token-object.ts';
import { MANAGED_LABEL } from '../../src/resources/group.ts';
import {
  FIELD_MANAGER,
  secretRecord,
  type LiveSecret,
  type PatchOperation,
  type SecretMetadata,
} from '../../src/tokens/secret.ts';
import { applyOperation } from './json-patch.ts';
import { NAMESPACE, type Manifest, type World } from './world.ts';

/** Replaces an object, or removes it, and tells the watches. */
export function putObject(w: World, name: string, object: TokenObject | undefined): TokenObject | undefined {
  w.serial += 1;
  const value: TokenObject | undefined = object && {
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(w.serial) },
  };
  if (value === undefined) w.objects.delete(name);
  else w.objects.set(name, value);
  for (const { objectInbox } of w.processes) {
    objectInbox.push({ name, version: w.serial, ...(value === undefined ? {} : { value }) });
  }
  return value;
}

/** Marks an object as being deleted; without finalizers it goes at once. */
export function deleteObject(w: World, name: string): void {
  const object = w.objects.get(name);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
  if ((object.metadata.finalizers ?? []).length === 0) {
    putObject(w, name, undefined);
    return;
  }
  const deletionTimestamp = new Date(w.now).toISOString();
  // The API server counts this as a new generation.
  const generation = object.metadata.generation + 1;
  putObject(w, name, { ...object, metadata: { ...object.metadata, generation, deletionTimestamp } });
}

/** Replaces a Secret, or removes it; a watch by label brings one without the label as a deletion. */
export function putSecret(w: World, name: string, secret: LiveSecret | undefined): LiveSecret | undefined {
  w.serial += 1;
  const value = secret && { ...secret, metadata: { ...secret.metadata, resourceVersion: String(w.serial) } };
  if (value === undefined) w.secrets.delete(name);
  else w.secrets.set(name, value);
  const watched = value?.metadata.labels?.[MANAGED_LABEL] === 'true' ? secretRecord(value.metadata) : undefined;
  for (const { secretInbox } of w.processes) {
    secretInbox.push({ name, version: w.serial, ...(watched === undefined ? {} : { value: watched }) });
  }
  return value;
}

/** Narrows what `secretManifest` makes. */
export function isManifest(body: object): body is Manifest {
  return 'metadata' in body;
}

/** A create-only POST; `undefined` when the name is taken. */
export function createSecret(
  w: World,
  { metadata, data }: Manifest,
  manager: string,
  dryRun = false,
): LiveSecret | undefined {
  if (w.secrets.has(metadata.name)) return undefined;
  const uid = `secret-${w.serial + 1}`;
  const created: LiveSecret = {
    metadata: {
      ...metadata,
      namespace: NAMESPACE,
      uid,
      resourceVersion: '',
      managedFields: writers([[manager, Object.keys(data ?? {})]]),
    },
    data: data ?? {},
  };
  return dryRun ? created : putSecret(w, metadata.name, created);
}

/** A JSON Patch. `missing`: there is no such Secret; `lost`: one of its tests failed. */
export function patchSecret(
  w: World,
  name: string,
  patch: readonly PatchOperation[],
  manager: string,
  dryRun = false,
): LiveSecret | 'missing' | 'lost' {
  const before = w.secrets.get(name);
  if (before === undefined) return 'missing';
  const { metadata, data = {} } = before;
  const after = {
    metadata: { ...metadata, annotations: { ...metadata.annotations }, labels: { ...metadata.labels } },
    data: { ...data },
  };
  for (const operation of patch) {
    if (!applyOperation(after, operation)) return 'lost';
  }
  const ours = Object.keys(after.data).filter(
    (key) => after.data[key] !== data[key] || writtenBy(metadata, key, manager),
  );
  const others = Object.keys(after.data).filter((key) => !ours.includes(key));
  const stranger = manager === FIELD_MANAGER ? 'stranger' : FIELD_MANAGER;
  const secret: LiveSecret = {
    ...after,
    metadata: {
      ...after.metadata,
      managedFields: writers([
        [manager, ours],
        [stranger, others],
      ]),
    },
  };
  return dryRun ? secret : (putSecret(w, name, secret) ?? 'missing');
}

/** A DELETE, with or without the precondition on its UID; says whether it happened. */
export function deleteSecret(w: World, name: string, uid?: string): boolean {
  const secret = w.secrets.get(name);
  if (secret === undefined || (uid !== undefined && secret.metadata.uid !== uid)) return false;
  putSecret(w, name, undefined);
  return true;
}

/** Secrets whose owners are all gone. */
export function garbage(w: World): string[] {
  const alive = new Set([...w.objects.values()].map(({ metadata }) => metadata.uid));
  return [...w.secrets.values()]
    .filter(({ metadata: { ownerReferences = [] } }) => {
      return ownerReferences.length > 0 && ownerReferences.every(({ uid }) => !alive.has(uid));
    })
    .map(({ metadata }) => metadata.name);
}

function writtenBy(metadata: SecretMetadata, key: string, manager: string): boolean {
  return (metadata.managedFields ?? []).some((entry) => {
    return entry.manager === manager && Object.hasOwn(entry.fieldsV1?.['f:data'] ?? {}, `f:${key}`);
  });
}

function writers(
  keys: readonly (readonly [manager: string, keys: readonly string[]])[],
): NonNullable<SecretMetadata['managedFields']> {
  return keys
    .filter(([, names]) => names.length > 0)
    .map(([manager, names]) => ({
      manager,
      fieldsV1: { 'f:data': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) },
    }));
}
