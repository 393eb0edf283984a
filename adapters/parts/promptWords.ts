import type { BackboneShape, LayerPlace } from '../../src/backbones/backbone.js';
import { UsageError } from '../../src/base/errors.js';
import { createRandom } from '../../src/base/random.js';
import type { HostValues, Initializer } from '../../src/nn/parameters.js';

/** Added to the variance; what the backbone adds makes no difference to a start. */
const EPSILON = 1e-12;

const WORDS = /(^|\.)(word_embeddings|token_embedding)\.weight$/;

/** Rows of the table that are all different as long as it has enough. */
function draw(table: HostValues, length: number, name: string): Float32Array<ArrayBuffer> {
  const [count, width] = table.shape as [number, number];
  const random = createRandom('words', name);
  const free = random.shuffle(Array.from({ length: count }, (_, row) => row));
  const rows = new Float32Array(length * width);
  for (let i = 0; i < length; i++) {
    const row = free[i % count] as number;
    rows.set(table.data.subarray(row * width, (row + 1) * width), i * width);
  }
  return rows;
}

function normalise(rows: Float32Array<ArrayBuffer>, scale: HostValues, shift: HostValues): void {
  const width = scale.data.length;
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    const factor = 1 / Math.sqrt(variance + EPSILON);
    for (const [i, value] of row.entries()) {
      row[i] = (value - mean) * factor * (scale.data[i] as number) + (shift.data[i] as number);
    }
  }
}

/**
 * Positions [length, width] that start as words drawn from the vocabulary: rows of the backbone's table, after the
 * LayerNorm of the embeddings where there is one, as the first layer reads words. Throws UsageError where the backbone has
 * no table of that width.
 */
export function likeWords(
  { parameters, family }: BackboneShape,
  { name: place, width }: Pick<LayerPlace, 'name' | 'width'>,
  length: number,
): Initializer {
  const table = parameters.find(({ name, shape }) => WORDS.test(name) && shape[1] === width)?.name;
  if (!table) {
    const message = `a ${family} backbone of this config has no table of words`;
    throw new UsageError({ where: '/init', message, expected: '"normal"' });
  }
  const norm = table.replace(/[^.]+\.weight$/, 'LayerNorm');
  const normed = parameters.some(({ name }) => name === `${norm}.weight`);
  return {
    kind: 'derived',
    from: [table, ...(normed ? [`${norm}.weight`, `${norm}.bias`] : [])],
    derive: (words, scale, shift) => {
      const rows = draw(words as HostValues, length, place);
      if (scale && shift) normalise(rows, scale, shift);
      return rows;
    },
  };
}
