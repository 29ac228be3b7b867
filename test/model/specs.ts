// The objects of the model: what they ask for, and how people change it.

import type { DatabaseTokenSpec } from '../../src/resources/database-token.ts';
import { API_VERSION, FINALIZER } from '../../src/resources/group.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { NAMESPACE, type Settings } from './world.ts';

/** A description by which a spec stands for one that is not valid. */
const INVALID = 'not valid';

export const HOUR = 3_600_000;

/** What people may ask for, whatever the kind. */
export type SpecChange = Omit<Partial<DatabaseTokenSpec>, 'permissions'>;

/** A token object as a person applies it. */
export function tokenObject(
  { kind, bornWithFinalizer }: Settings,
  name: string,
  uid: string,
  now: number,
  change: SpecChange,
): TokenObject {
  const metadata = {
    name,
    namespace: NAMESPACE,
    uid,
    resourceVersion: '',
    generation: 1,
    creationTimestamp: new Date(now).toISOString(),
    ...(bornWithFinalizer ? { finalizers: [FINALIZER] } : {}),
  };
  const spec = { rotation: { overlap: '1h' }, ...change };
  return kind === 'DatabaseToken'
    ? { apiVersion: API_VERSION, kind, metadata, spec: { permissions: permissionFor('db'), ...spec } }
    : { apiVersion: API_VERSION, kind, metadata, spec };
}

/** The object with another spec, as the API server keeps it. */
export function withSpec(object: TokenObject, change: SpecChange): TokenObject {
  const metadata = { ...object.metadata, generation: object.metadata.generation + 1 };
  return object.kind === 'DatabaseToken'
    ? { ...object, metadata, spec: { ...object.spec, ...change } }
    : { ...object, metadata, spec: { ...object.spec, ...change } };
}

/** The object with permission for another database; `undefined` for a kind that has none. */
export function withPermission(object: TokenObject, resource: string): TokenObject | undefined {
  if (object.kind !== 'DatabaseToken') return undefined;
  const metadata = { ...object.metadata, generation: object.metadata.generation + 1 };
  return { ...object, metadata, spec: { ...object.spec, permissions: permissionFor(resource) } };
}

function permissionFor(resource: string): DatabaseTokenSpec['permissions'] {
  return [{ action: 'read', resource }];
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
