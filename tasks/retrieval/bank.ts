import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import { fromHost, readTensor, type Tensor, tf } from '../../src/engine/index.js';
import { cosineSimilarities, tokenwiseSimilarity } from '../../src/objectives/similarity.js';

/** What one side of a split was encoded to: a vector, or a vector a token with a mask, for each of its members. */
export interface Bank {
  readonly size: number;
  add(values: HostTensor, mask?: HostTensor): void;
  /** Members from `start` on as tensors to be disposed. */
  slice(start: number, count: number): { readonly states: Tensor; readonly mask?: Tensor };
}

/** Collects the rows of batches; those with tokens are padded to the longest. */
export function createBank(): Bank {
  const rows: { readonly values: Float32Array; readonly mask?: Float32Array }[] = [];
  let width = 0;
  let longest = 0;
  return {
    get size() {
      return rows.length;
    },
    add: (values, mask) => {
      const [count] = values.shape as [number];
      if (count === 0) return;
      width = values.shape.at(-1) as number;
      const row = values.data.length / count;
      longest = Math.max(longest, row / width);
      for (let at = 0; at < count; at++) {
        const tokens = row / width;
        rows.push({
          values: Float32Array.from(values.data.subarray(at * row, (at + 1) * row)),
          ...(mask && { mask: Float32Array.from(mask.data.subarray(at * tokens, (at + 1) * tokens)) }),
        });
      }
    },
    slice: (start, count) => {
      const chosen = rows.slice(start, start + count);
      const states = new Float32Array(chosen.length * longest * width);
      const mask = new Float32Array(chosen.length * longest);
      for (const [at, row] of chosen.entries()) {
        states.set(row.values, at * longest * width);
        if (row.mask) mask.set(row.mask, at * longest);
      }
      const isTokenwise = chosen.some((row) => row.mask);
      if (!isTokenwise) return { states: fromHost(float32([chosen.length, width], states)) };
      return {
        states: fromHost(float32([chosen.length, longest, width], states)),
        mask: fromHost(float32([chosen.length, longest], mask)),
      };
    },
  };
}

/** Members of both sides that are compared at a time. */
const QUERIES = 64;
const TARGETS = { vectors: 4096, tokens: 64 };

/** Similarities of `count` queries from `start` on with every target: [count, targets.size], row-major. */
async function similarityRows(
  queries: Bank,
  start: number,
  count: number,
  targets: Bank,
): Promise<Float32Array> {
  const query = queries.slice(start, count);
  const rows = new Float32Array(count * targets.size);
  const step = query.mask ? TARGETS.tokens : TARGETS.vectors;
  for (let at = 0; at < targets.size; at += step) {
    const target = targets.slice(at, step);
    const block = tf.tidy(() =>
      query.mask && target.mask
        ? tokenwiseSimilarity(query.states, query.mask, target.states, target.mask)
        : cosineSimilarities(query.states, target.states),
    );
    const { data, shape } = await readTensor(block);
    const width = shape[1] as number;
    for (let row = 0; row < count; row++)
      rows.set(data.subarray(row * width, (row + 1) * width), row * targets.size + at);
    tf.dispose([block, target]);
  }
  tf.dispose([query]);
  return rows;
}

/** Each query's similarities with all targets, in memory that grows with the targets alone. */
export async function* similarityOf(
  queries: Bank,
  targets: Bank,
): AsyncGenerator<Float32Array, void, undefined> {
  for (let start = 0; start < queries.size; start += QUERIES) {
    const count = Math.min(QUERIES, queries.size - start);
    const rows = await similarityRows(queries, start, count, targets);
    for (let row = 0; row < count; row++) yield rows.subarray(row * targets.size, (row + 1) * targets.size);
  }
}
