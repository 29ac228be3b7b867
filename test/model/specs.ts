// The objects of the model: what they ask for, and how people change it.

import type { DatabaseToken, DatabaseTokenSpec } from '../../src/resources/database-token.ts';
import { API_VERSION } from '../../src/resources/group.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { NAMESPACE } from './world.ts';

export const DATA_URL = 'https://influxdb.example';

/** A description by which a spec stands for one that is not valid. */
const INVALID = 'not valid';

export const HOUR = 3_600_000;

/** A token object as a person applies it. */
export function tokenObject(name: string, uid: string, now: number, spec: Partial<DatabaseTokenSpec>): TokenObject {
  const object: DatabaseToken = {
    apiVersion: API_VERSION,
    kind: 'DatabaseToken',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid,
      resourceVersion: '',
      generation: 1,
      creationTimestamp: new Date(now).toISOString(),
    },
    spec: {
      permissions: [{ action: 'read', resource: 'db' }],
      rotation: { overlap: '1h' },
      ...spec,
    },
  };
  return object;
}

/** The object with another spec, as the API server keeps it. */
export function withSpec(object: TokenObject, change: Partial<DatabaseTokenSpec>): TokenObject {
  if (object.kind !== 'DatabaseToken') return object;
  const { metadata, spec } = object;
  return {
    ...object,
    metadata: { ...metadata, generation: metadata.generation + 1 },
    spec: { ...spec, ...change },
  };
}

/** The object with an annotation that a person wrote. */
export function withAnnotation(object: TokenObject, key: string, value: string): TokenObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [key]: value } } };
}

/** Stands for the check of a spec, which has its own tests. */
export function isValid({ spec }: TokenObject): boolean {
  return spec.description !== INVALID;
}
