// What many objects have in common is kept once: a parser makes each object all of its own.

/** How many of each are remembered. When there are more, all are forgotten, which costs memory and nothing else. */
const MOST = 4_096;
/** Values of longer JSON are rarely the same in two objects. */
const LONGEST = 512;

const texts = new Map<string, string>();
const values = new Map<string, unknown>();

/** The first text that was like this one. For what is the same in many objects, such as namespaces and times. */
export function commonText(text: string): string {
  return first(texts, text, text);
}

/** The first value that was like this one, by its JSON; it is shared, so it must never be changed. */
export function commonValue<T extends object>(value: T): T {
  const json = JSON.stringify(value);
  // What has the same JSON has the same type, as all of it was read from JSON.
  return json.length > LONGEST ? value : (first(values, json, value) as T);
}

function first<T>(known: Map<string, T>, key: string, value: T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST) known.clear();
  known.set(key, value);
  return value;
}
