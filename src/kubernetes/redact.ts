// Keeps the contents of Secrets out of errors: servers and webhooks quote what they were sent.

/** Shorter values say nothing secret, and would blank out ordinary words. */
const SHORTEST = 8;

/**
 * Blanks every value that `body` carries as `data` or `stringData` (of an object, or by JSON Patch), encoded or decoded,
 * out of `text`. Only for error paths: it walks the whole body.
 */
export function redact(text: string, body: unknown): string {
  let result = text;
  for (const value of secretValues(body)) {
    for (const form of [value, Buffer.from(value, 'base64').toString('utf8')]) {
      if (form.length >= SHORTEST) result = result.replaceAll(form, '[redacted]');
    }
  }
  return result;
}

function secretValues(body: unknown): string[] {
  const parsed = typeof body === 'string' ? parse(body) : body;
  if (Array.isArray(parsed)) return parsed.flatMap(patchedValues);
  if (!isRecord(parsed)) return [];
  return [...strings(parsed['data']), ...strings(parsed['stringData'])];
}

function patchedValues(operation: unknown): string[] {
  if (!isRecord(operation) || typeof operation['path'] !== 'string') return [];
  const { path, value } = operation;
  if (path === '') return secretValues(value);
  return /^\/(data|stringData)(\/|$)/.test(path) ? strings(value) : [];
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return isRecord(value) ? Object.values(value).flatMap(strings) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
