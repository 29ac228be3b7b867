import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { MalformedArray } from '../json-array.ts';
import { ListSplitter } from './list-splitter.ts';

/** Feeds the text in pieces that end at the given places. */
function split(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const splitter = new ListSplitter();
  const given: unknown[] = [];
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  for (const [index, from] of places.entries()) {
    for (const item of splitter.push(bytes.subarray(from, places[index + 1] ?? from))) given.push(item);
  }
  const { metadata, items } = splitter.end();
  return { metadata, given, items };
}

const metadata = fc.record(
  { resourceVersion: fc.string(), continue: fc.string(), remainingItemCount: fc.nat() },
  { requiredKeys: ['resourceVersion'] },
);
const items = fc.array(fc.oneof(fc.object(), fc.constant({ items: [{ metadata: { items: [] } }], text: '"items":[' })));
const cuts = fc.array(fc.nat());

describe('a list that arrives in pieces', () => {
  test('gives its items and its metadata, whichever comes first and wherever it is cut', () => {
    fc.assert(
      fc.property(metadata, items, fc.boolean(), cuts, (metadata, items, itemsFirst, cuts) => {
        const list = itemsFirst ? { apiVersion: 'v1', items, metadata } : { kind: 'List', metadata, items };
        const text = JSON.stringify(list);
        expect(split(text, cuts)).toEqual(JSON.parse(JSON.stringify({ metadata, given: items, items: [] })));
      }),
    );
  });

  test('gives them byte by byte, texts in any script among them', () => {
    const items = [{ name: '"items":[', 'ключ🔑': ['é', '\u2028', '\\', '"'] }, {}];
    const text = JSON.stringify({ kind: 'List', metadata: { resourceVersion: '1', continue: 'ü' }, items });
    const everywhere = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
    expect(split(text, everywhere)).toEqual({
      metadata: { resourceVersion: '1', continue: 'ü' },
      given: items,
      items: [],
    });
  });

  test('gives them when it is laid out for people', () => {
    const list = { metadata: { resourceVersion: '1' }, items: [{ a: 1 }] };
    const text = JSON.stringify(list, undefined, 2);
    expect(split(text, [40])).toEqual({ metadata: list.metadata, given: list.items, items: [] });
  });

  test('may have null in place of items, as an empty list of metadata alone does', () => {
    const text = '{"kind":"PartialObjectMetadataList","metadata":{"resourceVersion":"7"},"items":null}';
    expect(split(text)).toEqual({ metadata: { resourceVersion: '7' }, given: [], items: [] });
  });

  test('never passes for the whole when its end is missing', () => {
    fc.assert(
      fc.property(metadata, items, fc.nat(), cuts, (metadata, items, length, cuts) => {
        const text = JSON.stringify({ items, metadata });
        expect(() => split(text.slice(0, length % text.length), cuts)).toThrow(/cut off|JSON/);
      }),
    );
  });

  test.each(['', '[]', 'null', '<html>', '{"items":[]}', '{"items":[{}],"metadata":{"resourceVersion":"1"}}]'])(
    'is not %j',
    (text) => {
      expect(() => split(text)).toThrow(/no list|JSON/);
    },
  );

  test('may hold objects of more than a mebibyte, as etcd does', () => {
    const large = { text: 'a'.repeat(2 * 1024 * 1024) };
    expect(split(JSON.stringify({ items: [large], metadata: { resourceVersion: '1' } })).given).toEqual([large]);
  });

  test('may hold an object that somebody has nested as deep as the API server reads', () => {
    const deep = `${'{"f:a":'.repeat(9_999)}{}${'}'.repeat(9_999)}`;
    const text = `{"items":[${deep}],"metadata":{"resourceVersion":"1"}}`;
    expect(split(text).given).toHaveLength(1);
  });

  test('is given up when it does not come to an end before its items, or behind them', () => {
    const endless = 'a'.repeat(600_000);
    expect(() => split(`{"kind":"${endless}${endless}`, [600_000])).toThrow('no list');
    expect(() => split(`{"items":[],"kind":"${endless}${endless}`, [600_000])).toThrow('no list');
  });

  test('is given up at an object that no etcd would hold', () => {
    const larger = { text: 'a'.repeat(17 * 1024 * 1024) };
    expect(() => split(JSON.stringify({ items: [larger] }))).toThrow(MalformedArray);
  });
});
