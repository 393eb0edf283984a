/**
 * Makes items ahead of their use, `ahead` at a time and in order, so that the next batch is read and collated while
 * the device works on this one. Leaving the loop early waits for what was begun and drops it.
 */
export async function* prefetch<Key, Item>(
  keys: Iterable<Key>,
  make: (key: Key) => Promise<Item>,
  ahead = 2,
): AsyncGenerator<Item, void, undefined> {
  const waiting: Promise<Item>[] = [];
  const start = (key: Key) => {
    const item = make(key);
    item.catch(() => {}); // reported when its turn comes
    waiting.push(item);
  };
  try {
    for (const key of keys) {
      start(key);
      if (waiting.length > ahead) yield (await waiting.shift()) as Item;
    }
    while (waiting.length > 0) yield (await waiting.shift()) as Item;
  } finally {
    await Promise.allSettled(waiting);
  }
}
