// Any interleaving of the server's changes, our writes' late answers, watch events and lists leads to the server's truth, and never back in time.

import assert from 'node:assert/strict';
import { describe, test } from '@jest/globals';
import * as fc from 'fast-check';
import { objectKey, Store, type StoreChange, type StoredObject } from './store.ts';

interface Thing extends StoredObject {
  readonly matches: boolean;
}

interface Entry {
  readonly version: number;
  readonly key: string;
  /** Absent when the object was deleted. */
  readonly object?: Thing;
  /** What a DELETED event shows: the last state, at the version of the deletion. */
  readonly last?: Thing;
}

/** A collection as the API server keeps it, and a watch on those that match. */
class Server {
  readonly log: Entry[] = [];
  readonly objects = new Map<string, Thing>();
  version = 7;

  write(name: string, matches: boolean): Thing {
    this.version++;
    const uid = this.objects.get(name)?.metadata.uid ?? `${name}-${this.version}`;
    const object = { metadata: { name, uid, resourceVersion: String(this.version) }, matches };
    this.objects.set(name, object);
    this.log.push({ version: this.version, key: name, object });
    return object;
  }

  delete(name: string): Thing | undefined {
    const object = this.objects.get(name);
    if (!object) return undefined;
    this.version++;
    this.objects.delete(name);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } };
    this.log.push({ version: this.version, key: name, last });
    return object;
  }

  matching(): Thing[] {
    return [...this.objects.values()].filter(({ matches }) => matches);
  }
}

/** What the store has shown, checked against what may never happen. */
class Reader {
  readonly #shown = new Map<string, Thing>();
  /** By uid: the newest version shown so far. */
  readonly #newest = new Map<string, number>();

  /** What a listener throws would end the process, so it is kept until somebody asks. */
  #violation: unknown;

  constructor(store: Store<Thing>) {
    store.onChange((change) => {
      try {
        this.#follow(change);
      } catch (error) {
        this.#violation ??= error;
      }
    });
  }

  /** Throws when something was shown that may never be. */
  check(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  #follow({ key, before, after }: StoreChange<Thing>): void {
    assert.deepEqual(this.#shown.get(key), before);
    if (!after) {
      this.#shown.delete(key);
      return;
    }
    const version = Number(after.metadata.resourceVersion);
    // Back in time would be an older version, or the same again after it was taken away.
    assert(version > (this.#newest.get(after.metadata.uid) ?? 0));
    this.#newest.set(after.metadata.uid, version);
    this.#shown.set(key, after);
  }

  get shown(): Thing[] {
    return [...this.#shown.values()];
  }
}

/** One run: the server, the store, the watch between them, and answers on their way. */
class Run {
  readonly server = new Server();
  readonly store = new Store<Thing>();
  readonly reader = new Reader(this.store);
  readonly answers: (() => void)[] = [];
  /** How far the watch has come. */
  #cursor = 0;
  #watching = false;
  #list: { version: number; left: Thing[] } | undefined;

  ownWrite(name: string, matches: boolean): void {
    const answer = this.server.write(name, matches);
    this.answers.push(() => {
      this.store.observe(answer);
      if (!matches) return;
      const shown = this.store.get(name);
      const version = Number(answer.metadata.resourceVersion);
      // Our own write is read back, or something newer is: at least that the object left the collection.
      if (shown) assert(Number(shown.metadata.resourceVersion) >= version);
      else assert(this.server.log.some((e) => e.version > version && e.key === name && !e.object?.matches));
    });
  }

  ownDeletion(name: string): void {
    const object = this.server.delete(name);
    if (!object) return;
    this.answers.push(() => {
      this.store.observeDeletion(object);
      assert.notEqual(this.store.get(name)?.metadata.uid, object.metadata.uid);
    });
  }

  /** The next event, where the watch has one. */
  event(): void {
    const entry = this.server.log.find(({ version }) => version > this.#cursor);
    if (!this.#watching || !entry) return;
    this.#cursor = entry.version;
    this.#deliver(entry);
  }

  /** An event of before once more. */
  replay(which: number): void {
    const past = this.server.log.filter(({ version }) => version <= this.#cursor);
    if (this.#watching && past.length > 0) this.#deliver(past[which % past.length]!);
  }

  #deliver(entry: Entry): void {
    const previous = this.server.log.findLast(({ key, version }) => key === entry.key && version < entry.version);
    if (entry.object?.matches) {
      if (!this.store.confirm(String(entry.version))) this.store.change({ type: 'put', object: entry.object });
    }
    // Deleted, or no longer matching: the server sends DELETED for both, at the version of the change.
    else if (previous?.object?.matches) this.store.change({ type: 'delete', object: (entry.object ?? entry.last)! });
  }

  bookmark(): void {
    if (this.#watching) this.store.advance(String(this.#cursor));
  }

  /** A list in place of whatever was under way. */
  beginList(): void {
    this.#watching = false;
    this.#list = { version: this.server.version, left: this.server.matching() };
    this.store.beginList(String(this.#list.version));
  }

  page(size: number): void {
    if (!this.#list) return;
    for (const object of this.#list.left.splice(0, size)) this.store.list(object);
    if (this.#list.left.length > 0) return;
    this.store.endList(String(this.#list.version));
    this.#cursor = this.#list.version;
    this.#list = undefined;
    this.#watching = true;
  }

  answer(which: number): void {
    if (this.answers.length > 0) this.answers.splice(which % this.answers.length, 1)[0]!();
  }

  settle(): void {
    if (!this.#watching && !this.#list) this.beginList();
    while (this.#list) this.page(1);
    for (const _ of this.server.log) this.event();
    this.bookmark();
  }

  expectTruth(): void {
    this.reader.check();
    const truth = this.server.matching().sort(byKey);
    assert.deepEqual([...this.store.values()].sort(byKey), truth);
    assert.deepEqual(this.reader.shown.sort(byKey), truth);
  }
}

function byKey(a: Thing, b: Thing): number {
  return objectKey(a).localeCompare(objectKey(b));
}

/** Each step takes the name of an object and a number, and uses what it needs of them. */
const steps = {
  write: (run: Run, name: string, n: number) => void run.server.write(name, n % 2 === 0),
  delete: (run: Run, name: string) => void run.server.delete(name),
  ownWrite: (run: Run, name: string) => run.ownWrite(name, true),
  ownWriteThatNoLongerMatches: (run: Run, name: string) => run.ownWrite(name, false),
  ownDeletion: (run: Run, name: string) => run.ownDeletion(name),
  answer: (run: Run, _: string, n: number) => run.answer(n),
  event: (run: Run) => run.event(),
  replay: (run: Run, _: string, n: number) => run.replay(n),
  bookmark: (run: Run) => run.bookmark(),
  beginList: (run: Run) => run.beginList(),
  page: (run: Run, _: string, n: number) => run.page(1 + (n % 2)),
};

const frequencies: readonly [keyof typeof steps, number][] = [
  ['write', 3],
  ['delete', 2],
  ['ownWrite', 4],
  ['ownWriteThatNoLongerMatches', 1],
  ['ownDeletion', 2],
  ['answer', 6],
  ['event', 8],
  ['replay', 1],
  ['bookmark', 1],
  ['beginList', 1],
  ['page', 4],
];
const step = fc.tuple(
  fc.constantFrom(...frequencies.flatMap(([what, weight]) => Array.from({ length: weight }, () => what))),
  fc.constantFrom('a', 'b', 'c'),
  fc.nat(9),
);

describe('a store between our own writes and the watch', () => {
  test('comes to the truth by any way, and never goes back in time for an object', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (script) => {
        const run = new Run();
        for (const [what, name, n] of script) steps[what](run, name, n);
        run.settle();
        run.expectTruth();
        // What is answered after that is old news.
        while (run.answers.length > 0) run.answer(0);
        run.expectTruth();
      }),
      { numRuns: 3000 },
    );
  });
});
