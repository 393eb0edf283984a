import { narrowSum } from '../precision.js';
import { type Tensor, tf } from '../tf.js';

/** The scope of tfjs in which it adds up the gradients of a value that was read more than once. */
const BACKWARD = 'backward';

const isGradientSum = (): boolean =>
  (tf.engine().state as unknown as { activeScope?: { name?: string } }).activeScope?.name === BACKWARD;

/** Gradients that are bf16, as those inside a bf16 backbone are, are added up in bf16. */
export function registerGradientSums(): void {
  const kernel = tf.getKernel('Add', 'tensorflow');
  tf.unregisterKernel('Add', 'tensorflow');
  tf.registerKernel({
    ...kernel,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as unknown as { a: Tensor; b: Tensor };
      return (isGradientSum() ? narrowSum(a, b) : undefined) ?? kernel.kernelFunc(call);
    },
  });
}
