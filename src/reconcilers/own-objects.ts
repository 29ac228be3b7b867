// Reading and writing objects of our own kinds: finalizer, status and annotations.

import { KubernetesError, type KubernetesClient } from '../kubernetes/client.ts';
import { resourcePath } from '../kubernetes/paths.ts';
import type { RawObject } from '../kubernetes/raw-object.ts';
import type { Condition } from '../resources/conditions.ts';
import { FINALIZER, GROUP, PLURALS, VERSION } from '../resources/group.ts';
import { FIELD_MANAGER } from '../tokens/secret.ts';
import { lostSwap, orNotFound } from './kubernetes-errors.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';

/** Any of our kinds, as far as writing status and finalizers goes. */
export interface OwnObject {
  readonly kind: keyof typeof PLURALS;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly finalizers?: readonly string[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Where an object of ours is found. */
export function pathOf({ kind, metadata }: OwnObject, subresource?: 'status'): string {
  return resourcePath({
    group: GROUP,
    version: VERSION,
    plural: PLURALS[kind],
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name,
    ...(subresource === undefined ? {} : { subresource }),
  });
}

/** The object as it is now; `undefined` when it is gone or another one has its name. */
export async function readObject(
  client: KubernetesClient,
  object: OwnObject,
  signal: AbortSignal,
): Promise<RawObject | undefined> {
  const now = await orNotFound(client.request<RawObject>({ method: 'GET', path: pathOf(object), signal }));
  return now?.metadata.uid === object.metadata.uid ? now : undefined;
}

/**
 * Sets or removes our finalizer, unless the object changed meanwhile. Answers the object as it is now; `undefined` when it is gone.
 * A conflict answers the newer object, so that the caller decides anew.
 */
export async function setFinalizer(
  client: KubernetesClient,
  object: OwnObject,
  present: boolean,
  signal: AbortSignal,
): Promise<RawObject | undefined> {
  const { uid, resourceVersion, finalizers = [] } = object.metadata;
  const others = finalizers.filter((name) => name !== FINALIZER);
  const body = { metadata: { uid, resourceVersion, finalizers: present ? [...others, FINALIZER] : others } };
  try {
    return await orNotFound(
      client.request<RawObject>({
        method: 'PATCH',
        path: pathOf(object),
        query: { fieldManager: FIELD_MANAGER },
        contentType: MERGE_PATCH,
        body,
        signal,
      }),
    );
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 409) return readObject(client, object, signal);
    throw error;
  }
}

/** Sets annotations, if the object is still the same one. `undefined` when it is gone. */
export async function annotate(
  client: KubernetesClient,
  object: OwnObject,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RawObject | undefined> {
  return orNotFound(
    client.request<RawObject>({
      method: 'PATCH',
      path: pathOf(object),
      query: { fieldManager: FIELD_MANAGER },
      contentType: MERGE_PATCH,
      body: { metadata: { uid: object.metadata.uid, annotations } },
      signal,
    }),
  );
}

/**
 * Replaces the status as a whole, if the object is still the one that was looked at: a process that slept must not lay its old view
 * over a newer one, which may be all that remembers a token's id. `undefined` when it changed or is gone.
 */
export async function writeStatus(
  client: KubernetesClient,
  object: OwnObject,
  status: object,
  signal: AbortSignal,
): Promise<RawObject | undefined> {
  const body = [
    { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    { op: 'add', path: '/status', value: status },
  ];
  try {
    return await orNotFound(
      client.request<RawObject>({
        method: 'PATCH',
        path: pathOf(object, 'status'),
        query: { fieldManager: FIELD_MANAGER },
        contentType: JSON_PATCH,
        body,
        signal,
      }),
    );
  } catch (error) {
    if (error instanceof KubernetesError && lostSwap(error)) return undefined;
    throw error;
  }
}
