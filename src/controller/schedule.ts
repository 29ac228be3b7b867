// Keys with a time each, the earliest first: an indexed binary heap.

interface Slot {
  readonly key: string;
  at: number;
  /** Where the slot stands in the heap, so that it can be moved and removed without a search. */
  index: number;
}

/**
 * At most one time per key. Setting, moving and removing take logarithmic time; removing is real, because a key that is rescheduled
 * a month ahead with every run would otherwise leave a dead entry each time.
 */
export class Schedule {
  readonly #slots = new Map<string, Slot>();
  readonly #heap: Slot[] = [];

  /** How many keys are scheduled. */
  get size(): number {
    return this.#slots.size;
  }

  /** The earliest time of all; `undefined` when nothing is scheduled. */
  get earliest(): number | undefined {
    return this.#heap[0]?.at;
  }

  /** Schedules a key; of two times for one key the earlier wins. */
  set(key: string, at: number): void {
    const slot = this.#slots.get(key);
    if (!slot) {
      const added = { key, at, index: this.#heap.length };
      this.#slots.set(key, added);
      this.#heap.push(added);
      this.#rise(added);
    } else if (at < slot.at) {
      slot.at = at;
      this.#rise(slot);
    }
  }

  /** Takes a key off the schedule, if it is on it. */
  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (!slot) return;
    this.#slots.delete(key);
    const last = this.#heap.pop();
    if (!last || last === slot) return;
    this.#place(last, slot.index);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes one key whose time has come; `undefined` when there is none. */
  due(now: number): string | undefined {
    const first = this.#heap[0];
    if (!first || first.at > now) return undefined;
    this.delete(first.key);
    return first.key;
  }

  /** Drops everything. */
  clear(): void {
    this.#slots.clear();
    this.#heap.length = 0;
  }

  #place(slot: Slot, index: number): void {
    this.#heap[index] = slot;
    slot.index = index;
  }

  #rise(slot: Slot): void {
    for (;;) {
      const parent = this.#heap[(slot.index - 1) >> 1];
      if (!parent || parent.at <= slot.at) return;
      this.#swap(slot, parent);
    }
  }

  #sink(slot: Slot): void {
    for (;;) {
      const left = this.#heap[2 * slot.index + 1];
      const right = this.#heap[2 * slot.index + 2];
      const child = left && right && right.at < left.at ? right : left;
      if (!child || child.at >= slot.at) return;
      this.#swap(child, slot);
    }
  }

  #swap(a: Slot, b: Slot): void {
    const index = a.index;
    this.#place(a, b.index);
    this.#place(b, index);
  }
}
