/** AdamW (Loshchilov and Hutter 2019, algorithm 2) or SGD with momentum (PyTorch's form). */
export type OptimizerOptions =
  | {
      readonly kind: 'adamw';
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    }
  | {
      readonly kind: 'sgd';
      readonly learningRate: number;
      readonly momentum: number;
      readonly weightDecay: number;
    };

/** Learning-rate factor over the steps: up from 0 during the warm-up, then as named, to 0 at the last step. */
export interface ScheduleOptions {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** Steps if >= 1, share of all steps if below 1. */
  readonly warmup: number;
}
