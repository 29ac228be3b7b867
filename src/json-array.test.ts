import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { JsonArraySplitter, MalformedArray } from './json-array.ts';

/** Feeds the bytes in pieces that end at the given places, and parses what comes out. */
function split(text: string | Uint8Array, cuts: readonly number[] = []): unknown[] {
  const bytes = Buffer.from(text);
  const splitter = new JsonArraySplitter();
  const elements: unknown[] = [];
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  for (const [index, from] of places.entries()) {
    for (const element of splitter.push(bytes.subarray(from, places[index + 1] ?? from))) {
      elements.push(JSON.parse(Buffer.from(element).toString()));
    }
  }
  splitter.end();
  return elements;
}

const arrays = fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 12 });
const spacing = fc.constantFrom(undefined, 2, '\t');
const cuts = fc.array(fc.nat());

describe('JsonArraySplitter', () => {
  test('gives back the elements of any array, however it is laid out and cut into pieces', () => {
    fc.assert(
      fc.property(arrays, spacing, cuts, (array, space, cuts) => {
        const text = JSON.stringify(array, undefined, space).replaceAll('\n', '\r\n');
        expect(split(`\n ${text}\r\n`, cuts)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('cut into single bytes, a character of several bytes or an escape is put together again', () => {
    const array = ['"\\', '\u{1f511}é', { '\\"]}': ['[{', '\u2028'] }, -1.5e-7, true, null, ''];
    const text = JSON.stringify(array);
    expect(
      split(
        text,
        Array.from({ length: 500 }, (_, index) => index),
      ),
    ).toEqual(array);
  });

  test('no proper beginning of an array passes for the whole', () => {
    fc.assert(
      fc.property(arrays, fc.nat(), cuts, (array, length, cuts) => {
        const bytes = Buffer.from(JSON.stringify(array));
        expect(() => split(bytes.subarray(0, length % bytes.length), cuts)).toThrow(MalformedArray);
      }),
    );
  });

  test.each([
    ['nothing at all', '', 'it is empty'],
    ['an object', '{"code":404}', 'it is not a JSON array'],
    ['HTML', '<html>', 'it is not a JSON array'],
    ['a byte order mark', '\ufeff[]', 'it is not a JSON array'],
    ['a second array behind the first', '[1] [2]', 'something follows the array'],
    ['a stray byte behind the array', '[1]\0', 'something follows the array'],
    ['a trailing comma', '[1,]', 'it has an element that is not JSON'],
    ['a leading comma', '[,1]', 'it has an element that is not JSON'],
    ['two elements without a comma', '[{} {}]', 'its elements are not separated by commas'],
    ['two strings without a comma', '["a""b"]', 'its elements are not separated by commas'],
    ['a word that is none of JSON', '[undefined]', 'it has an element that is not JSON'],
    ['brackets that do not match', '[{"a":[}]]', 'its brackets do not match'],
    ['a closing brace of nothing', '[}', 'it has an element that is not JSON'],
    ['an unfinished string', '["a]', 'it is cut off'],
    ['an array that is only opened', '[', 'it is cut off'],
  ])('refuses %s', (_, text, message) => {
    expect(() => split(text)).toThrow(new MalformedArray(message));
  });

  test('bounds the depth of an element', () => {
    expect(split(`[${'['.repeat(64)}${']'.repeat(64)}]`)).toHaveLength(1);
    expect(() => split(`[${'['.repeat(65)}`)).toThrow('deeper than 64');
  });

  test('bounds the size of an element, in one piece or in many', () => {
    const large = `["${'a'.repeat(1024 * 1024)}"]`;
    expect(() => split(large)).toThrow('more than 1 MiB');
    expect(() => split(large, [1_000, 500_000, 900_000])).toThrow('more than 1 MiB');
    expect(() => split(`["${'a'.repeat(2 * 1024 * 1024)}`, [600_000])).toThrow('more than 1 MiB');
    expect(split(`["${'a'.repeat(1_000_000)}"]`, [7, 70_000])).toHaveLength(1);
  });
});
