// Applies a JSON Patch (RFC 6902) as the API server does, as far as ours use it: test, add and remove in objects.

import { isDeepStrictEqual } from 'node:util';

import type { PatchOperation } from '../src/tokens/secret.ts';

/** The patched document; `undefined` when a test fails or something that is not there is to be removed or entered. */
export function applyPatch<T extends object>(document: T, patch: readonly PatchOperation[]): T | undefined {
  // As text, because what is cloned within Jest is equal to nothing that was made outside.
  const root: { document: T } = { document: JSON.parse(JSON.stringify(document)) };
  for (const { op, path, value } of patch) {
    const [last = '', ...way] = path.split('/').slice(1).map(unescape).toReversed();
    let parent: unknown = root.document;
    for (const name of way.toReversed())
      parent = isMap(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined;
    if (!isMap(parent)) return undefined;
    const there = Object.hasOwn(parent, last);
    if (op === 'test' && !(there && isDeepStrictEqual(parent[last], value))) return undefined;
    if (op === 'remove' && !there) return undefined;
    if (op === 'remove') delete parent[last];
    if (op === 'add')
      Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  }
  return root.document;
}

function unescape(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
