// Cuts a list of the API server's that arrives in pieces into its items.

import { JsonArraySplitter } from '../json-array.ts';
import { readList, type RawList } from './raw-object.ts';

/** How the items begin. Nothing that may stand before them, the list's kind and metadata, has a field of that name; in a text it were escaped. */
const ITEMS = /"items"\s*:\s*\[/;
/** An object may have 1.5 MiB in etcd, and escapes make up to six times as much of it. */
const LARGEST_OBJECT = 16 * 1024 * 1024;
/** So deep the API server itself reads JSON. Whoever may write an object may nest its `managedFields`: nobody's list may fail for that. */
const DEEPEST_OBJECT = 10_000;
/** Versions and a continue token are a few hundred bytes; more is no list. */
const MOST_AROUND = 1024 * 1024;

/** Feed it with `push`, then ask with `end` for what stood around the items. */
export class ListSplitter {
  /** What came so far but for the items. */
  #around: Buffer = Buffer.alloc(0);
  #items: JsonArraySplitter | undefined;

  /** The items that this piece completes, in order. Throws a `MalformedArray`, or a TypeError when it is not that of a list. */
  *push(chunk: Uint8Array): Generator<unknown, void, undefined> {
    for (const item of this.#items?.push(chunk) ?? this.#begin(chunk)) yield parse(item);
  }

  /** The list without its items. Throws a `MalformedArray` or a TypeError unless the whole of a list has come. */
  end(): RawList {
    this.#items?.end();
    return readList(parse(this.#around));
  }

  #begin(chunk: Uint8Array): Iterable<Buffer> {
    this.#around = Buffer.concat([this.#around, chunk]);
    // In latin1 each byte is one character, so that places are the same.
    const found = ITEMS.exec(this.#around.toString('latin1'));
    if (found === null) {
      this.#checkAround();
      return [];
    }
    const array = found.index + found[0].length - 1;
    const items = this.#around.subarray(array);
    this.#around = Buffer.concat([this.#around.subarray(0, array), Buffer.from('[]')]);
    this.#items = new JsonArraySplitter({
      largest: LARGEST_OBJECT,
      deepest: DEEPEST_OBJECT,
      rest: (bytes) => {
        this.#around = Buffer.concat([this.#around, bytes]);
        this.#checkAround();
      },
    });
    return this.#items.push(items);
  }

  #checkAround(): void {
    if (this.#around.length > MOST_AROUND) throw new TypeError('the server sent something that is no list');
  }
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    // What the parser says would quote what it was given.
    throw new TypeError('the server sent something that is not JSON, or not the whole of it');
  }
}
