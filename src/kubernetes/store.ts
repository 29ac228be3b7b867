// A collection in memory, as readers see it: lookups, indexes, and who hears of changes.

import { Replica, type WatchChange } from './replica.ts';
import type { StoredObject } from './stored-object.ts';

export { objectKey, type StoredObject } from './stored-object.ts';

/** What happened to one key. An object that was deleted and created anew under its name comes as two changes. */
export interface StoreChange<T> {
  readonly key: string;
  readonly before?: T;
  readonly after?: T;
}

/** Hears of every change after it is in the store. What it throws ends the process: it is a bug, and hiding it would lose events. */
export type StoreListener<T> = (change: StoreChange<T>) => void;

interface Index<T> {
  readonly keysOf: (object: T) => readonly string[];
  readonly members: Members;
}

/** Keys of objects by value. Most values have one key, and a set of one takes ten times as much memory as the key. */
type Members = Map<string, string | Set<string>>;

/**
 * A copy of a collection, filled by one `Reflector`. It never goes back in time for an object: what `observe` and the watch have
 * shown once stays, until something newer comes. Objects are shared: never change one.
 */
export class Store<T extends StoredObject> {
  readonly #replica = new Replica<T>();
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #listeners = new Set<StoreListener<T>>();
  #synced = false;

  /** Whether the store was filled once; it stays so while a later list is under way. */
  get synced(): boolean {
    return this.#synced;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  /** Adds a lookup by values of the objects' own; `keysOf` must be a pure function of the object. */
  addIndex(name: string, keysOf: (object: T) => readonly string[]): void {
    const index = { keysOf, members: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) enter(index.members, key, keysOf(object));
  }

  /** The objects for which `keysOf` gave this value. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new RangeError(`the store has no index "${name}"`);
    const keys = index.members.get(value) ?? [];
    return (typeof keys === 'string' ? [keys] : [...keys]).flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Calls the listener at each change from now on; the result ends that. */
  onChange(listener: StoreListener<T>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes in the answer of a write of our own, so that the next reader sees it: without this, a reconciler would act on the state
   * before its own write. It must have the form of the reflector's objects (the same conversion, no data where the reflector
   * keeps metadata) and match its selector; one that does not is dropped again as the watch goes on.
   */
  observe(object: T): void {
    this.#show(this.#replica.observe(object));
  }

  /**
   * Takes in that the server has removed an object at our request: its answer to the DELETE was a Status, not the object (which it
   * is while finalizers stand: `observe` that).
   */
  observeDeletion(object: StoredObject): void {
    this.#show(this.#replica.observeDeletion(object));
  }

  /** For the reflector: a change from the watch. */
  change(change: WatchChange<T>): void {
    this.#show(this.#replica.change(change));
  }

  /**
   * For the reflector: an object was added or changed at this version. Answers whether that was a write of our own whose answer is here
   * already, as most are: then nothing of the event is needed, and it need not be read.
   */
  confirm(resourceVersion: string): boolean {
    const keys = this.#replica.confirm(resourceVersion);
    if (keys !== undefined) this.#show(keys);
    return keys !== undefined;
  }

  /** For the reflector: a bookmark. */
  advance(resourceVersion: string): void {
    this.#show(this.#replica.advance(resourceVersion));
  }

  /** For the reflector: a list begins, whose pages show the collection at this version. */
  beginList(resourceVersion: string): void {
    this.#show(this.#replica.beginList(resourceVersion));
  }

  /** For the reflector: an object of the list. */
  list(object: T): void {
    this.#show(this.#replica.list(object));
  }

  /** For the reflector: the list is complete. */
  endList(resourceVersion: string): void {
    this.#show(this.#replica.endList(resourceVersion));
    this.#synced = true;
  }

  #show(keys: Iterable<string>): void {
    for (const key of keys) {
      const before = this.#objects.get(key);
      const after = this.#replica.get(key);
      if (before === after) continue;
      this.#replace(key, before, after);
      if (before && after && before.metadata.uid !== after.metadata.uid) {
        this.#tell({ key, before });
        this.#tell({ key, after });
      } else if (before?.metadata.resourceVersion !== after?.metadata.resourceVersion) {
        this.#tell({ key, ...(before ? { before } : {}), ...(after ? { after } : {}) });
      }
    }
  }

  #replace(key: string, before: T | undefined, after: T | undefined): void {
    for (const { keysOf, members } of this.#indexes.values()) {
      const from = before ? keysOf(before) : [];
      const to = after ? keysOf(after) : [];
      // Nearly always a change leaves it where it was.
      if (from.length === to.length && from.every((value, i) => value === to[i])) continue;
      leave(members, key, from);
      enter(members, key, to);
    }
    if (after) this.#objects.set(key, after);
    else this.#objects.delete(key);
  }

  #tell(change: StoreChange<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function enter(index: Members, key: string, values: readonly string[]): void {
  for (const value of values) {
    const members = index.get(value);
    // An equal text is a text of its own.
    if (members === undefined) index.set(value === key ? key : value, key);
    else if (typeof members !== 'string') members.add(key);
    else if (members !== key) index.set(value, new Set([members, key]));
  }
}

function leave(index: Members, key: string, values: readonly string[]): void {
  for (const value of values) {
    const members = index.get(value);
    if (members === key) index.delete(value);
    else if (typeof members === 'object') {
      members.delete(key);
      if (members.size === 0) index.delete(value);
    }
  }
}
