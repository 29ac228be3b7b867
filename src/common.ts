// What many objects have in common is kept once: a parser makes each object all of its own.

/** How many of a sort are remembered. When there are more, all are forgotten, which costs memory and nothing else. */
const MOST = 4_096;
/** Values of longer JSON are rarely the same in two objects. */
const LONGEST = 512;

/** Values of one sort, which came out of JSON. */
export class Common<T extends object> {
  readonly #known = new Map<string, T>();

  /** The first value that was like this one. It is shared, so it must never be changed. */
  first(value: T): T {
    const json = JSON.stringify(value);
    return json.length > LONGEST ? value : first(this.#known, json, value);
  }
}

const texts = new Map<string, string>();

/** The first text that was like this one. For what stands in many objects, such as namespaces and times, or in several, such as ids. */
export function commonText(text: string): string {
  return first(texts, text, text);
}

function first<T>(known: Map<string, T>, key: string, value: T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST) known.clear();
  known.set(key, value);
  return value;
}
