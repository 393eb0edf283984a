import { type Tensor, tf } from '../tf.js';

/** Zeroes a share `rate` of the elements and scales the others by 1 / (1 - rate) (Srivastava et al. 2014). */
export type Dropout = (x: Tensor, rate: number) => Tensor;

/**
 * Dropout whose masks follow from `seed` alone, so that a resumed step draws what the first one drew; the n-th
 * call of one step has a stream of its own.
 * @param seed int32 [2], for example (run seed, step); without it nothing is dropped (evaluation)
 */
export function createDropout(seed?: Tensor): Dropout {
  if (!seed) return (x) => x;
  let calls = 0;
  return (x, rate) => {
    if (rate === 0) return x;
    const call = calls++;
    const key = tf.add(seed, tf.tensor1d([call, 0], 'int32')).dataSync();
    const kept = tf.greaterEqual(tf.randomUniform(x.shape, 0, 1, 'float32', `${key[0]}:${key[1]}`), rate);
    return tf.div(tf.mul(x, tf.cast(kept, 'float32')), 1 - rate);
  };
}
