// Kubernetes objects as the tests of the operator read and write them: by path, as administrator.

import { KubernetesError, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { resourcePath } from '../../src/kubernetes/paths.ts';
import { GROUP, PLURALS, VERSION, type TokenKind } from '../../src/resources/group.ts';

/** A Secret, its data decoded. */
export interface DecodedSecret {
  readonly type: string;
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly data: Readonly<Record<string, string>>;
}

/** The part of an Event that people read. */
export interface ListedEvent {
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

const ours = { group: GROUP, version: VERSION };
const core = { group: '', version: 'v1' };

/** Where things are. */
export const paths = {
  token: (namespace: string, name: string, kind: TokenKind = 'DatabaseToken') =>
    resourcePath({ ...ours, plural: PLURALS[kind], namespace, name }),
  tokens: (namespace: string) => resourcePath({ ...ours, plural: PLURALS.DatabaseToken, namespace }),
  managementToken: (namespace: string, name: string) =>
    resourcePath({ ...ours, plural: PLURALS.ManagementToken, namespace, name }),
  cluster: (name: string) => resourcePath({ ...ours, plural: PLURALS.InfluxDBCluster, name }),
  secret: (namespace: string, name: string) => resourcePath({ ...core, plural: 'secrets', namespace, name }),
  namespace: (name: string) => resourcePath({ ...core, plural: 'namespaces', name }),
} as const;

/** Server-side applies an object, taking over what others own. */
export async function applyTo(client: KubernetesClient, path: string, body: object): Promise<void> {
  const query = { fieldManager: 'test', force: 'true' };
  await client.request({ method: 'PATCH', path, query, contentType: 'application/apply-patch+yaml', body });
}

/** Merges a change into an object. */
export async function mergeInto(client: KubernetesClient, path: string, change: object): Promise<void> {
  await client.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body: change });
}

/** Asks for the end of an object, and does not wait for it. */
export async function deleteAt(client: KubernetesClient, path: string): Promise<void> {
  await client.request({ method: 'DELETE', path });
}

/** A Secret. */
export async function readSecret(client: KubernetesClient, path: string): Promise<DecodedSecret> {
  const secret = await client.request<DecodedSecret>({ method: 'GET', path });
  const decode = (value: string): string => Buffer.from(value, 'base64').toString();
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)] as const);
  return { ...secret, data: Object.fromEntries(data) };
}

/** The Events of a namespace. */
export async function eventsOf(client: KubernetesClient, namespace: string): Promise<readonly ListedEvent[]> {
  const path = resourcePath({ group: 'events.k8s.io', version: 'v1', plural: 'events', namespace });
  const { items } = await client.request<{ items: readonly ListedEvent[] }>({ method: 'GET', path });
  return items;
}

/** `undefined` for what is not there. */
export async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}
