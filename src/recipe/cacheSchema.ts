import type { JsonSchema } from '../base/json.js';

/** Schema of a recipe's `cache`. */
export const cacheSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description:
    'Values of the frozen backbone are computed once, stored and read from then on, also by later runs.',
  examples: [{ mode: 'off' }, { precision: 'bf16', limit: 50 }],
  properties: {
    mode: {
      enum: ['auto', 'on', 'off'],
      default: 'auto',
      description: 'auto: where it saves time, and the log says why not; on: wherever it is possible.',
      examples: ['off'],
    },
    precision: {
      enum: ['exact', 'bf16'],
      default: 'exact',
      description: 'exact: as the backbone computes them; bf16: half the size of those of an f32 backbone.',
      examples: ['bf16'],
    },
    folder: {
      type: 'string',
      minLength: 1,
      description:
        "Where they are stored, relative to the working directory. Default: a folder in the user's cache (VLGRAFT_CACHE).",
      examples: ['cache'],
    },
    limit: {
      type: 'number',
      exclusiveMinimum: 0,
      description:
        'Gigabytes that all stored values of that folder may take; those unused for longest are removed. Default: a quarter of the free disk.',
      examples: [20],
    },
  },
};
