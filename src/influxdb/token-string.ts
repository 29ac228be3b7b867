// A token string that cannot be printed by accident.

import { inspect } from 'node:util';

const REDACTED = '[token string]';

/**
 * Wraps a token string so that logging, formatting, serialising or inspecting it shows a placeholder.
 * The string leaves only by `reveal`, whose every call is easy to find.
 */
export class TokenString {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The string itself: for the body of a Secret, an Authorization header or a digest, and nothing else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/**
 * The value of an Authorization header; `undefined` where the string is empty or holds a character that cannot stand there (white space,
 * a line break, anything but printable ASCII): sent all the same it would be an error that quotes the header, or another header.
 */
export function bearer(token: TokenString): string | undefined {
  return /^[\x21-\x7e]+$/.test(token.reveal()) ? `Bearer ${token.reveal()}` : undefined;
}
