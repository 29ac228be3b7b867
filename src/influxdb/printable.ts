// Makes a stranger's text fit for a condition: one short printable line, without secrets.

import type { TokenString } from './token-string.ts';

/** Long enough for every message of the Management API, short enough for a column of `kubectl`. */
const LONGEST = 200;

/** Runs of what tokens are made of, longer than a UUID: also a token that we never knew is not repeated. */
const TOKEN_LIKE = /[\w+/=-]{40,}/g;

/** Control, format, surrogate and unassigned characters, and every separator but the space itself. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]+/gu;

/**
 * The text without control characters and secrets, at most 200 characters long.
 * The order matters: a secret broken up by control characters must be whole before it is looked for, and must be gone before the text is cut.
 */
export function printable(text: string, secrets: readonly TokenString[] = []): string {
  let line = text.replaceAll(/\s+/g, ' ').replaceAll(UNPRINTABLE, '').trim();
  for (const secret of secrets) {
    if (secret.reveal() !== '') line = line.replaceAll(secret.reveal(), '[redacted]');
  }
  line = line.replaceAll(TOKEN_LIKE, '[redacted]');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1).toWellFormed()}…` : line;
}
