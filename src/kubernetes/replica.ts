// What is true of a collection: what the watch has said, overlaid by what our own writes were answered.

import { isNewer } from './resource-version.ts';
import { objectKey, type StoredObject } from './stored-object.ts';

/** A change as the watch tells it; `MODIFIED` and `ADDED` are the same to us. */
export type WatchChange<T> = { readonly type: 'put' | 'delete'; readonly object: T };

/** Far more than we can delete while the watch lags or an answer is on its way. */
const MOST_GONE = 10_000;

/**
 * A copy of a collection that reads its own writes. The watch alone is the truth, but it lags: a reconciler that has just written
 * would look at its object of before, and act on it once more. So three layers:
 *
 * - **base**: the collection exactly as the watch had it at the version `seen`.
 * - **ahead**: answers of our own writes that are newer than `seen`. As soon as the watch has passed an answer's version, base
 *   holds that write, or what came after it (a later change, a deletion), and the answer is dropped. So an answer can neither be
 *   undone by an older event, nor bring back an object that was deleted, nor outlive the truth.
 * - **gone**: uids of objects that we deleted ourselves. A uid never comes back, so hiding it is right however long it lasts.
 *
 * Every method that changes something returns the keys whose object may have changed.
 */
export class Replica<T extends StoredObject> {
  readonly #base = new Map<string, T>();
  readonly #ahead = new Map<string, T>();
  readonly #gone = new Set<string>();
  /** Everything up to this version has been delivered. */
  #seen = '0';
  /** Keys met so far in the list under way. */
  #listed: Set<string> | undefined;

  /** The object as far as we know. */
  get(key: string): T | undefined {
    const base = this.#base.get(key);
    const ahead = this.#ahead.get(key);
    // While a list is under way, base may be further than `seen`, and so than an answer.
    const newest = ahead && !(base && isNewer(versionOf(base), versionOf(ahead))) ? ahead : base;
    return newest && this.#gone.has(newest.metadata.uid) ? undefined : newest;
  }

  /** The answer of a write of ours. Ignored when the watch has come as far already. */
  observe(object: T): Iterable<string> {
    const key = objectKey(object);
    const version = versionOf(object);
    const known = [this.#ahead.get(key), this.#base.get(key)].filter((one) => one !== undefined);
    if (![this.#seen, ...known.map(versionOf)].every((other) => isNewer(version, other))) return [];
    this.#ahead.set(key, object);
    return [key];
  }

  /** The server has deleted this object at our request: not only marked it, as it does while finalizers stand. */
  observeDeletion(object: StoredObject): Iterable<string> {
    this.#gone.add(object.metadata.uid);
    const [oldest] = this.#gone;
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
    return [objectKey(object)];
  }

  /** A change from the watch. One that is no news, after a watch was begun again, is ignored. */
  change({ type, object }: WatchChange<T>): Iterable<string> {
    const version = versionOf(object);
    if (!isNewer(version, this.#seen)) return [];
    const key = objectKey(object);
    const ahead = this.#ahead.get(key);
    // What we know already stays the same object, so that readers need not take it for another one.
    if (type === 'put') this.#base.set(key, ahead && versionOf(ahead) === version ? ahead : object);
    else this.#base.delete(key);
    return [key, ...this.advance(version)];
  }

  /**
   * A put from the watch of which only the version is known. If it is that of an answer, the event holds nothing else; `undefined` when it is
   * not, and nothing was changed.
   */
  confirm(resourceVersion: string): Iterable<string> | undefined {
    for (const [key, object] of this.#ahead) {
      if (versionOf(object) !== resourceVersion) continue;
      this.#base.set(key, object);
      return [key, ...this.advance(resourceVersion)];
    }
    return undefined;
  }

  /** The watch has delivered everything up to this version: a bookmark. */
  advance(resourceVersion: string): Iterable<string> {
    if (isNewer(resourceVersion, this.#seen)) this.#seen = resourceVersion;
    return this.#dropAnswers();
  }

  /**
   * A list begins; its pages all show the collection at this version. What it does not contain stays until `endList`, and `seen`
   * too: a list that is cut short leaves nothing undone that another list would not do.
   */
  beginList(resourceVersion: string): Iterable<string> {
    this.#listed = new Set();
    if (!isNewer(this.#seen, resourceVersion)) return [];
    // A list is never older than what was seen before, unless the server's history itself was replaced (etcd restored from a
    // backup): then no version from before means anything, and even a deleted object may be back.
    const keys = [...this.#ahead.keys()];
    this.#ahead.clear();
    this.#gone.clear();
    this.#seen = '0';
    return keys;
  }

  /** An object of the list under way. */
  list(object: T): Iterable<string> {
    const key = objectKey(object);
    this.#base.set(key, object);
    this.#listed?.add(key);
    return [key];
  }

  /** The list is complete: everything it did not contain is gone. */
  endList(resourceVersion: string): Iterable<string> {
    const listed = this.#listed ?? new Set();
    this.#listed = undefined;
    const missing = [...this.#base.keys()].filter((key) => !listed.has(key));
    for (const key of missing) this.#base.delete(key);
    return [...missing, ...this.advance(resourceVersion)];
  }

  /** Drops the answers that the watch has caught up with. */
  #dropAnswers(): string[] {
    const keys: string[] = [];
    for (const [key, object] of this.#ahead) {
      if (isNewer(versionOf(object), this.#seen)) continue;
      this.#ahead.delete(key);
      keys.push(key);
    }
    return keys;
  }
}

function versionOf(object: StoredObject): string {
  return object.metadata.resourceVersion;
}
