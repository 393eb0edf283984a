import { castLike, narrowSum } from '../precision.js';
import { type Tensor, tf } from '../tf.js';
import { type Op, runOp } from './define.js';

export const addToOp: Op = {
  name: 'VlgraftAddTo',
  forward: ({ x, change }) => {
    const [a, b] = [x as Tensor, change as Tensor];
    return [narrowSum(a, b) ?? castLike(tf.add(a, b), a)];
  },
  saves: { inputs: [], outputs: [] },
  gradient: (dy) => ({ x: () => tf.clone(dy), change: () => tf.clone(dy) }),
};

/**
 * x + change, in the precision of x.
 * @param change the shape of x
 */
export const addTo = (x: Tensor, change: Tensor): Tensor => runOp(addToOp, { x, change });
