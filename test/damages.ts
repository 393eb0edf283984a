import { createRandom, type Random } from '../src/base/random.js';

/** A damaged copy of a file, and what was done to it. */
export interface Damage {
  readonly bytes: Buffer;
  readonly what: string;
}

const PAGE = 4096;

const kinds: readonly ((bytes: Buffer, random: Random) => Damage)[] = [
  (bytes, random) => {
    const at = random.integer(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << random.integer(8));
    return { bytes, what: `a flipped bit at ${at}` };
  },
  (bytes, random) => {
    // Where pages say what they are: their headers, their first offsets.
    const at = PAGE * random.integer(Math.ceil(bytes.length / PAGE)) + random.integer(64);
    if (at < bytes.length) bytes[at] = random.integer(256);
    return { bytes, what: `another byte at ${at}` };
  },
  (bytes, random) => {
    const at = PAGE * random.integer(Math.ceil(bytes.length / PAGE));
    bytes.fill(0, at, Math.min(bytes.length, at + PAGE));
    return { bytes, what: `a zeroed page at ${at}` };
  },
  (bytes, random) => {
    const length = random.integer(bytes.length);
    return { bytes: bytes.subarray(0, length), what: `cut to ${length}` };
  },
  (bytes, random) => {
    const pages = Math.ceil(bytes.length / PAGE);
    const [a, b] = [PAGE * random.integer(pages), PAGE * random.integer(pages)] as const;
    const kept = Buffer.from(bytes.subarray(a, a + PAGE));
    bytes.copy(bytes, a, b, b + PAGE);
    kept.copy(bytes, b, 0, Math.min(kept.length, bytes.length - b));
    return { bytes, what: `pages ${a} and ${b} swapped` };
  },
];

/** Random damages of a file, each kind in its turn; the same ones at each call. */
export function* damages(whole: Buffer, count: number): Generator<Damage> {
  for (let at = 0; at < count; at++) {
    const random = createRandom('damage', at);
    yield (kinds[at % kinds.length] as (typeof kinds)[number])(Buffer.from(whole), random);
  }
}
