/** A stretch of time that named work took, for profiles. */
export interface Span {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** A long training has millions: what comes after these is not noted. */
const MOST_SPANS = 200_000;

let spans: Span[] | undefined;

function note(name: string, start: number): void {
  if (!spans || spans.length >= MOST_SPANS) return;
  spans.push({ name, start: performance.timeOrigin + start, duration: performance.now() - start });
}

/** From now on spans are noted. */
export function startSpans(): void {
  spans = [];
}

/** The spans since they were started, in the order of their end; none is noted any more. */
export function stopSpans(): readonly Span[] {
  const noted = spans ?? [];
  spans = undefined;
  return noted;
}

/** Does some work and notes how long it took. */
export function span<T>(name: string, work: () => T): T {
  if (!spans) return work();
  const start = performance.now();
  const result = work();
  if (result instanceof Promise) return result.finally(() => note(name, start)) as T;
  note(name, start);
  return result;
}

/** The same items; noted is how long each was waited for. */
export async function* waitingFor<Item>(name: string, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await span(name, () => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
