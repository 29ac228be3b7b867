// Objects as the API server sends them.

import type { StoredObject } from './stored-object.ts';

/** An object of which nothing but its metadata is known. */
export interface RawObject {
  readonly [field: string]: unknown;
  readonly metadata: StoredObject['metadata'] & { readonly [field: string]: unknown };
}

/** A page of a list. */
export interface RawList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly unknown[];
}

/** One line of a watch; see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes. */
export type RawEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RawObject }
  /** Everything up to `resourceVersion` was delivered. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** The watch ends; `status` is a Status. */
  | { readonly type: 'ERROR'; readonly status: unknown };

/** Throws a TypeError when the value is no object of the API server's. */
export function readObject(value: unknown): RawObject {
  if (!isObject(value)) throw new TypeError('the server sent something that is no object of its own');
  return value;
}

/** Throws a TypeError when the value is no list of the API server's. */
export function readList(value: unknown): RawList {
  if (!isList(value)) throw new TypeError('the server sent something that is no list');
  return { ...value, items: value.items ?? [] };
}

/** Throws a TypeError, or a SyntaxError, when the line is no event of a watch. */
export function readEvent(line: string): RawEvent {
  const { type, object }: { readonly type?: unknown; readonly object?: unknown } = JSON.parse(line) ?? {};
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: readObject(object) };
    case 'BOOKMARK':
      if (hasMetadata(object, ['resourceVersion'])) return { type, resourceVersion: object.metadata.resourceVersion };
      break;
    case 'ERROR':
      return { type, status: object };
  }
  throw new TypeError('the server sent something that is no event of a watch');
}

/** What every object of the API server's has once, and nothing else does that is not on purpose. */
const VERSION = '"resourceVersion":"';

/**
 * The version of the object that a line tells of as added or modified, without building the object. `undefined` for other lines, and where it
 * takes more than a glance: anybody may call an annotation or a label `resourceVersion`.
 */
export function glimpseVersion(line: string): string | undefined {
  if (!line.startsWith('{"type":"MODIFIED"') && !line.startsWith('{"type":"ADDED"')) return undefined;
  const start = line.indexOf(VERSION) + VERSION.length;
  if (start < VERSION.length || line.includes(VERSION, start)) return undefined;
  return line.slice(start, line.indexOf('"', start));
}

/** The object without the record of who set which field: often half of its size, and of no use in a store. */
export function dropManagedFields<T extends { readonly metadata: object }>(object: T): T {
  const { managedFields: _, ...metadata } = { managedFields: undefined, ...object.metadata };
  return { ...object, metadata };
}

function isObject(value: unknown): value is RawObject {
  return hasMetadata(value, ['name', 'uid', 'resourceVersion']);
}

/** `items` is null in an empty list of metadata alone: so Go writes a slice that was never made. */
function isList(value: unknown): value is Pick<RawList, 'metadata'> & { readonly items: readonly unknown[] | null } {
  if (!hasMetadata(value, ['resourceVersion']) || !('items' in value)) return false;
  return value.items === null || Array.isArray(value.items);
}

function hasMetadata<K extends string>(value: unknown, fields: readonly K[]): value is { metadata: Record<K, string> } {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null) return false;
  return fields.every((field) => typeof Reflect.get(metadata, field) === 'string');
}
