// Counts by name.

/** How many there are of each name; a name with none takes no room. */
export class Tally {
  readonly #counts = new Map<string, number>();

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Answers the count afterwards. */
  add(name: string, by: number): number {
    const now = this.count(name) + by;
    if (now === 0) this.#counts.delete(name);
    else this.#counts.set(name, now);
    return now;
  }
}
