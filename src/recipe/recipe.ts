import type { Json } from '../base/json.js';
import type { AdapterEntry } from '../model/attach.js';
import type { ScheduleOptions } from '../training/schedule.js';
import type { CacheOptions, OptimizerEntry, RunSettings, TrainingOptions } from '../training/settings.js';

/** A recipe after validation: every default filled in. The wizard, JSON files and programs all make this object. */
export type Recipe = RunSettings;

type Options = Readonly<Record<string, Json>>;

/** A union of options as it is written: the kind and whatever differs from the defaults. */
type Written<T extends { readonly kind: unknown }> = Pick<T, 'kind'> & Partial<T>;

/** A recipe as a person or a program writes it: what is left out takes its default. */
export interface WrittenRecipe {
  readonly $schema?: string;
  readonly name: string;
  readonly description?: string;
  readonly seed?: number;
  readonly backbone: Partial<Recipe['backbone']>;
  readonly adapters?: readonly AdapterEntry[];
  readonly composition?: Recipe['composition'];
  readonly task: Recipe['task'];
  readonly data: {
    readonly train: Options;
    readonly validation?: Options;
    readonly test?: Options;
    readonly regions?: Options;
    readonly maxTextLength?: number;
  };
  readonly training?: Partial<Omit<TrainingOptions, 'optimizer' | 'schedule'>> & {
    readonly optimizer?: Written<OptimizerEntry>;
    readonly schedule?: Partial<ScheduleOptions>;
  };
  readonly cache?: Partial<CacheOptions>;
  readonly output?: string;
}
