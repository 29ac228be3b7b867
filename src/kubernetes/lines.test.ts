import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { lines } from './lines.ts';

async function cut(text: string, lengths: readonly number[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    let rest = Buffer.from(text);
    for (const length of lengths) {
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
    yield rest;
  }
  return Array.fromAsync(lines(stream()));
}

test('lines come out whole, however the bytes were cut up, even within a character', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')));
  await fc.assert(
    fc.asyncProperty(texts, fc.array(fc.nat(5), { maxLength: 50 }), async (expected, lengths) => {
      expect(await cut(expected.map((line) => `${line}\n`).join(''), lengths)).toEqual(expected);
    }),
  );
});

test('an unfinished last line is dropped: the connection was cut in it', async () => {
  expect(await cut('{"a":1}\n{"b"', [])).toEqual(['{"a":1}']);
});
