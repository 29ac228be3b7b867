// Values in a world are never changed, only replaced, and the same ones are looked at over and over: what follows from one is worked out once.

/** The same function, which must be pure, asked once for each value. */
export function once<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly made: V }>();
  return (key) => {
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = { made: make(key) }));
    return found.made;
  };
}
