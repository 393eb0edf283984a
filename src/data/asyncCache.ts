/** Values made once and kept while there is room; the longest unused go first. */
export interface AsyncCache<Value> {
  /** The value of `key`, made by `make` where it is not there; callers that come meanwhile wait for the same one. */
  get(key: string, make: () => Promise<Value> | Value): Promise<Value>;
  /** What the kept values weigh together. */
  readonly weight: number;
  clear(): void;
}

/** A cache whose values weigh at most `limit` together, as `weigh` says (bytes, or 1 to count them). */
export function createAsyncCache<Value>(limit: number, weigh: (value: Value) => number): AsyncCache<Value> {
  const kept = new Map<string, Value>(); // in the order of their last use
  const making = new Map<string, Promise<Value>>();
  let weight = 0;

  const keep = (key: string, value: Value) => {
    weight += weigh(value);
    kept.set(key, value);
    for (const [oldest, old] of kept) {
      if (weight <= limit) break;
      kept.delete(oldest);
      weight -= weigh(old);
    }
  };

  const start = (key: string, make: () => Promise<Value> | Value): Promise<Value> => {
    const promise = (async () => {
      try {
        const value = await make();
        keep(key, value);
        return value;
      } finally {
        making.delete(key);
      }
    })();
    making.set(key, promise);
    return promise;
  };

  return {
    async get(key, make) {
      const value = kept.get(key);
      if (value === undefined) return making.get(key) ?? start(key, make);
      kept.delete(key);
      kept.set(key, value);
      return value;
    },
    get weight() {
      return weight;
    },
    clear() {
      kept.clear();
      weight = 0;
    },
  };
}
