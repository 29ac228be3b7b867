import { describe, expect, test } from '@jest/globals';

import { printable } from './printable.ts';
import { TokenString } from './token-string.ts';

const credential = new TokenString('admin-1234');

describe('printable', () => {
  test.each([
    ['leaves plain text alone', 'description is required', 'description is required'],
    ['leaves other scripts alone', 'Größe 大きさ', 'Größe 大きさ'],
    ['makes one line of many', 'a\r\n\tb\u2028c', 'a b c'],
    ['drops control, format and lone surrogate characters', '\u001b[31mred\u0000\u202e\ud800', '[31mred'],
    [
      'leaves a UUID alone',
      'no token 55555555-5555-4555-8555-555555555555',
      'no token 55555555-5555-4555-8555-555555555555',
    ],
    ['drops a credential that is echoed', 'bad credential admin-1234!', 'bad credential [redacted]!'],
    ['drops a credential broken up by control characters', 'admin\u0000-12\u001b34', '[redacted]'],
    ['drops what looks like a token, though we never knew it', `not apiv1_${'5'.repeat(64)}.`, 'not [redacted].'],
  ])('%s', (_, text, expected) => {
    expect(printable(text, [credential])).toBe(expected);
  });

  test('cuts to 200 characters, and never through the middle of a secret', () => {
    expect(printable('a '.repeat(300))).toHaveLength(200);
    expect(printable(`${'a '.repeat(98)}admin-1234`, [credential])).not.toContain('admin');
    expect(printable(`${'a '.repeat(99)}\u{1f511}\u{1f511}`).isWellFormed()).toBe(true);
  });

  test('an empty credential does not redact everything', () => {
    expect(printable('abc', [new TokenString('')])).toBe('abc');
  });
});
