// What is kept of each object that is watched. Nothing here may throw: an object may be older than today's CRD, or come past it.

import { Common, commonText } from '../common.ts';
import { dropManagedFields, type RawObject } from '../kubernetes/raw-object.ts';
import type { TokenKind } from '../resources/group.ts';
import type { InfluxDBCluster } from '../resources/influxdb-cluster.ts';
import type { TokenObject } from '../resources/token-object.ts';
import { secretRecord, type SecretMetadata, type SecretRecord } from '../tokens/secret.ts';
import type { NamespaceRecord, OwnRecord } from './world.ts';

/** What `kubectl apply` remembers for itself: as long as the whole object, and of no use here. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A token object; a spec or status that is no object counts as empty, and validation then says what is missing. */
export function tokenRecord(kind: TokenKind): (raw: RawObject) => TokenObject {
  return (raw) => {
    const { apiVersion, metadata, spec, status } = shared(whole(raw));
    // Written out: what is added to an object later takes more memory.
    return (
      status === undefined ? { apiVersion, kind, metadata, spec } : { apiVersion, kind, metadata, spec, status }
    ) as TokenObject;
  };
}

/** An InfluxDBCluster. */
export function clusterRecord(raw: RawObject): InfluxDBCluster {
  return { ...whole(raw), kind: 'InfluxDBCluster' } as InfluxDBCluster;
}

/** A Secret of ours, of which the watch brings metadata alone. */
export function managedSecretRecord(raw: RawObject): SecretRecord {
  return secretRecord(raw.metadata as SecretMetadata);
}

/** A namespace. */
export function namespaceRecord(raw: RawObject): NamespaceRecord {
  const { name, uid, resourceVersion, labels } = raw.metadata;
  return {
    metadata: { name, uid, resourceVersion, labels: isObject(labels) ? (labels as Record<string, string>) : {} },
    terminating: raw.metadata['deletionTimestamp'] !== undefined,
  };
}

/** Anything of which only its version counts. */
export function ownRecord(raw: RawObject): OwnRecord {
  const { name, namespace = '', uid, resourceVersion } = raw.metadata;
  return { metadata: { name, namespace, uid, resourceVersion } };
}

/** An object of ours; anything may stand in its parts. */
interface Whole {
  readonly apiVersion: unknown;
  readonly metadata: object;
  readonly spec: object;
  readonly status?: object;
}

function whole(raw: RawObject): Whole {
  const { apiVersion, spec, status } = raw;
  return {
    apiVersion,
    metadata: slim(dropManagedFields(raw).metadata),
    spec: isObject(spec) ? spec : {},
    ...(isObject(status) ? { status: readable(status) } : {}),
  };
}

/**
 * Of ten thousand token objects most say much the same: what they do is kept once. Parts are replaced in place, because the object comes fresh
 * from the parser and nobody else has it.
 */
function shared(object: Whole): Whole {
  const { metadata, spec, status = {} } = object;
  share(object, ['apiVersion']);
  share(metadata, ['uid', 'namespace', 'creationTimestamp', 'finalizers']);
  share(spec, ['clusterRef', 'permissions', 'rotation', 'secret']);
  const { conditions, token }: { conditions?: unknown; token?: unknown } = status;
  if (isObject(token)) share(token, ['id', 'clusterUID', 'createdAt']);
  // One verdict stands in all conditions, in the same words.
  for (const condition of Array.isArray(conditions) ? conditions.filter(isObject) : []) {
    share(condition, ['type', 'reason', 'message', 'lastTransitionTime']);
  }
  return object;
}

const parts = new Common<object>();

function share(object: object, fields: readonly string[]): void {
  for (const field of fields) {
    const value: unknown = Reflect.get(object, field);
    if (typeof value === 'string') Reflect.set(object, field, commonText(value));
    else if (typeof value === 'object' && value !== null) Reflect.set(object, field, parts.first(value));
  }
}

/** Conditions are looked into right away. The rest of a status stays whatever they are: it may be all that remembers a token's id. */
function readable(status: object): object {
  const { conditions = [], ...rest }: { conditions?: unknown } = status;
  if (Array.isArray(conditions) && conditions.every(isObject)) return status;
  return { ...rest, conditions: Array.isArray(conditions) ? conditions.filter(isObject) : [] };
}

function slim(metadata: RawObject['metadata']): object {
  const { annotations } = metadata;
  if (!isObject(annotations) || !(LAST_APPLIED in annotations)) return metadata;
  const { [LAST_APPLIED]: _, ...others } = annotations;
  return { ...metadata, annotations: others };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
