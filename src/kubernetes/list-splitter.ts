// Cuts a list of the API server's that arrives in pieces into its items.

import { JsonArraySplitter } from '../json-array.ts';
import { readList, type RawList } from './raw-object.ts';

/** How the items begin. Nothing that may stand before them, the list's kind and metadata, has a field of that name. */
const ITEMS = '"items":[';
/** An object may have 1.5 MiB in etcd, and escapes make more of it. */
const LARGEST_OBJECT = 16 * 1024 * 1024;

/** Feed it with `push`, then ask with `end` for what stood around the items. */
export class ListSplitter {
  /** What came so far but for the items. */
  #rest: Buffer = Buffer.alloc(0);
  #items: JsonArraySplitter | undefined;

  /** The items that this piece completes, in order. Throws a `MalformedArray`, or a TypeError when one is not JSON. */
  *push(chunk: Uint8Array): Generator<unknown, void, undefined> {
    for (const { buffer, byteOffset, byteLength } of this.#items?.push(chunk) ?? this.#begin(chunk)) {
      yield parse(Buffer.from(buffer, byteOffset, byteLength));
    }
  }

  /**
   * The list without the items that `push` gave; one that is laid out as for a person to read has them all. Throws a `MalformedArray` or
   * a TypeError unless that is the whole of a list.
   */
  end(): RawList {
    this.#items?.end();
    return readList(parse(this.#rest));
  }

  #begin(chunk: Uint8Array): Iterable<Uint8Array> {
    const came = Buffer.concat([this.#rest, chunk]);
    const start = came.indexOf(ITEMS);
    if (start < 0) {
      this.#rest = came;
      return [];
    }
    const array = start + ITEMS.length - 1;
    this.#rest = Buffer.concat([came.subarray(0, array), Buffer.from('[]')]);
    this.#items = new JsonArraySplitter({
      largest: LARGEST_OBJECT,
      rest: (bytes) => {
        this.#rest = Buffer.concat([this.#rest, bytes]);
      },
    });
    return this.#items.push(came.subarray(array));
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
