// JSON Patch (RFC 6902), as far as the operator uses it.

import { isDeepStrictEqual } from 'node:util';

import type { PatchOperation } from '../../src/tokens/secret.ts';

/** Applies one operation to a document, in place; `false` when a test failed or there is nothing to remove. */
export function applyOperation(document: object, { op, path, value }: PatchOperation): boolean {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop() ?? '';
  let at: unknown = document;
  for (const part of parts) at = isRecord(at) ? at[part] : undefined;
  if (!isRecord(at)) return false;
  if (op === 'test') return isDeepStrictEqual(at[last], value);
  if (op === 'add') at[last] = isRecord(value) ? { ...value } : value;
  else if (at[last] === undefined) return false;
  else delete at[last];
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
