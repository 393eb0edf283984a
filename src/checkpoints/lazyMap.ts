/** A map whose keys are known and whose values are made anew at each `get`; nothing is kept. */
export function lazyMap<T>(names: readonly string[], make: (name: string) => T): ReadonlyMap<string, T> {
  const known = new Set(names);
  function* entries(): Generator<[string, T], undefined> {
    for (const name of known) yield [name, make(name)];
  }
  function* values(): Generator<T, undefined> {
    for (const name of known) yield make(name);
  }
  const map: ReadonlyMap<string, T> = {
    size: known.size,
    has: (name) => known.has(name),
    get: (name) => (known.has(name) ? make(name) : undefined),
    keys: () => known.keys(),
    values,
    entries,
    [Symbol.iterator]: entries,
    forEach: (action) => {
      for (const [name, value] of entries()) action(value, name, map);
    },
  };
  return map;
}
