import { createRandom } from '../../base/random.js';
import { AttributeType } from '../attributes.js';
import { DataType } from '../dtypes.js';
import { nativeBackend } from '../nativeBackend.js';
import { castLike } from '../precision.js';
import { type Tensor, tf } from '../tf.js';

/** Zeroes a share `rate` of the elements and scales the others by 1 / (1 - rate) (Srivastava et al. 2014). */
export type Dropout = (x: Tensor, rate: number) => Tensor;

const ATTRIBUTES = [
  { name: 'dtype', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT },
  { name: 'T', type: AttributeType.TF_ATTR_TYPE, value: DataType.INT32 },
  { name: 'Tseed', type: AttributeType.TF_ATTR_TYPE, value: DataType.INT32 },
];

// Uniform in [0, 1), decided by the key alone: Philox on TensorFlow, the project's own generator elsewhere.
function uniform(shape: number[], key: Tensor): Tensor {
  const native = nativeBackend();
  if (native)
    return native.executeSingleOutput('StatelessRandomUniform', ATTRIBUTES, [
      tf.tensor1d(shape, 'int32'),
      key,
    ]);
  const random = createRandom(...key.dataSync());
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random.next), shape);
}

/** The identity: dropout in evaluation. */
export const noDropout: Dropout = (x) => x;

/** How often a dropout has drawn. */
interface Draws {
  calls: number;
}

/** How often each dropout had drawn before. */
type DrawsBefore = ReadonlyMap<Draws, number>;

let noted: Map<Draws, number> | undefined;

/** Does work, and notes where in their streams its dropouts began. */
export function noteDraws<T>(work: () => T): { readonly result: T; readonly draws: DrawsBefore } {
  const outer = noted;
  const draws = new Map<Draws, number>();
  noted = draws;
  try {
    return { result: work(), draws };
  } finally {
    noted = outer;
    for (const [dropout, calls] of draws) if (outer && !outer.has(dropout)) outer.set(dropout, calls);
  }
}

/** Does work whose dropouts draw what they drew when it was noted. */
export function redraw<T>(draws: DrawsBefore, work: () => T): T {
  const now = [...draws.keys()].map((dropout) => [dropout, dropout.calls] as const);
  for (const [dropout, calls] of draws) dropout.calls = calls;
  try {
    return work();
  } finally {
    for (const [dropout, calls] of now) dropout.calls = calls;
  }
}

/**
 * Dropout whose masks follow from `seed` alone, so that a resumed step draws what the first one drew; the n-th
 * call of one step has a stream of its own.
 * @param seed int32 [2], for example (run seed, step); without it nothing is dropped (evaluation)
 */
export function createDropout(seed?: Tensor): Dropout {
  if (!seed) return noDropout;
  const draws: Draws = { calls: 0 };
  return (x, rate) => {
    if (rate === 0) return x;
    if (noted && !noted.has(draws)) noted.set(draws, draws.calls);
    // An odd constant of the golden ratio keeps the streams of neighbouring seeds apart.
    const stream = Math.imul(++draws.calls, 0x9e3779b1);
    const factors = tf.tidy(() => {
      const key = tf.add(seed, tf.tensor1d([stream, 0], 'int32'));
      const kept = tf.greaterEqual(uniform(x.shape, key), rate);
      return castLike(tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)), x);
    });
    return tf.mul(x, factors);
  };
}
