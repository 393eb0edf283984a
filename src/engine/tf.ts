import { tf } from '#tf';

/** tfjs: of Node or of the browser, by the conditions of package.json. */
export { tf };

export type Tensor = import('@tensorflow/tfjs').Tensor;
export type Variable = import('@tensorflow/tfjs').Variable;
export type Scalar = import('@tensorflow/tfjs').Scalar;

/** Whether gradients may be asked for of what is computed now. */
export const isTaped = (): boolean => tf.engine().state.gradientDepth > 0;
