// A first-in-first-out line that takes turns between groups, so that a long line of one group does not hold up another.

/**
 * `push` and `shift` take constant time however many items and groups there are, and a group that has nothing in line takes no memory.
 * (A `Map` or `Set` shifted from the front would do, were it not quadratic: V8 walks over the holes of deleted entries.)
 */
export class FairLane<T> {
  readonly #groups = new Map<string, Fifo<T>>();
  readonly #turns = new Fifo<string>();

  /** Puts an item last in the line of its group. */
  push(group: string, item: T): void {
    let line = this.#groups.get(group);
    if (!line) {
      line = new Fifo();
      this.#groups.set(group, line);
      this.#turns.push(group);
    }
    line.push(item);
  }

  /** Takes the first item of the group whose turn it is; `undefined` when the lane is empty. */
  shift(): T | undefined {
    const group = this.#turns.shift();
    if (group === undefined) return undefined;
    const line = this.#groups.get(group);
    const item = line?.shift();
    if (line?.empty) this.#groups.delete(group);
    else this.#turns.push(group);
    return item;
  }

  /** Drops everything. */
  clear(): void {
    this.#groups.clear();
    this.#turns.clear();
  }
}

/** An array with a moving front, which is cut off when it is more than half of the array. */
class Fifo<T> {
  #items: T[] = [];
  #front = 0;

  get empty(): boolean {
    return this.#front === this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.empty) return undefined;
    const item = this.#items[this.#front++];
    if (this.#front * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#front = 0;
  }
}
