import type { Json } from '../src/base/json.js';

/** The least that an example has; readers add what their task needs. */
export interface Example {
  /** Unique in its split; named in errors and predictions. */
  readonly id: string;
}

export type SplitName = 'train' | 'validation' | 'test';

/** Files and options of the reader by split, as a recipe has them. */
export type Splits = Readonly<Partial<Record<SplitName, Readonly<Record<string, Json>>>>>;
