// The order in which token objects have a claim: the older first, and of two of the same second the one with the lesser UID.

/** What decides the place of an object; the API server sets both, and neither ever changes. */
interface Claimant {
  readonly metadata: { readonly creationTimestamp: string; readonly uid: string };
}

/** Objects in order. Ten thousand of them are ranked ten thousand times in a row whenever one goes, so a look must not count them. */
export class Ranking {
  /** Claims, sorted. */
  readonly #claims: string[] = [];

  get size(): number {
    return this.#claims.length;
  }

  add(object: Claimant): void {
    const claim = claimOf(object);
    const place = this.#place(claim);
    if (this.#claims[place] !== claim) this.#claims.splice(place, 0, claim);
  }

  remove(object: Claimant): void {
    const claim = claimOf(object);
    const place = this.#place(claim);
    if (this.#claims[place] === claim) this.#claims.splice(place, 1);
  }

  /** How many come before the object, whether it is among them or not. */
  before(object: Claimant): number {
    return this.#place(claimOf(object));
  }

  /** Where the claim stands, or would stand. */
  #place(claim: string): number {
    let from = 0;
    let to = this.#claims.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#claims[middle] ?? '') < claim) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes it, sorts as text. */
function claimOf({ metadata: { creationTimestamp, uid } }: Claimant): string {
  return `${creationTimestamp} ${uid}`;
}
