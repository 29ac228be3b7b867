// One collection that may be made of several stores: a watch per namespace, when only some namespaces are watched.

import type { Store, StoreListener, StoredObject } from './store.ts';

/** What readers need of a collection, whether one watch fills it or one for each namespace. */
export class Collection<T extends StoredObject> {
  /** By namespace; `''` when one store holds all. */
  readonly #stores: ReadonlyMap<string, Store<T>>;

  /** @param stores by namespace; a single one under `''` holds all namespaces, or cluster-scoped objects */
  constructor(stores: ReadonlyMap<string, Store<T>>) {
    this.#stores = stores;
  }

  get synced(): boolean {
    return [...this.#stores.values()].every(({ synced }) => synced);
  }

  get(key: string): T | undefined {
    return this.#storeOf(key.slice(0, Math.max(0, key.indexOf('/'))))?.get(key);
  }

  *values(): Iterable<T> {
    for (const store of this.#stores.values()) yield* store.values();
  }

  addIndex(name: string, keysOf: (object: T) => readonly string[]): void {
    for (const store of this.#stores.values()) store.addIndex(name, keysOf);
  }

  byIndex(name: string, value: string): readonly T[] {
    return [...this.#stores.values()].flatMap((store) => store.byIndex(name, value));
  }

  onChange(listener: StoreListener<T>): void {
    for (const store of this.#stores.values()) store.onChange(listener);
  }

  /** See `Store.observe`; an object of a namespace that is not watched is passed over. */
  observe(object: T): void {
    this.#storeOf(object.metadata.namespace ?? '')?.observe(object);
  }

  #storeOf(namespace: string): Store<T> | undefined {
    return this.#stores.get('') ?? this.#stores.get(namespace);
  }
}
