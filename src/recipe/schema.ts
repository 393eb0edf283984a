import type { SplitName } from '../../tasks/example.js';
import type { JsonSchema } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { oneOfKinds, tagged } from '../schema/kindSchema.js';
import { cacheSchema } from './cacheSchema.js';
import { trainingSchemaOf } from './trainingSchema.js';

/** Whether a key of `data` names a file or a folder: plain strings without a default do. */
export const isPath = (schema: JsonSchema): boolean =>
  schema.type === 'string' && !['default', 'enum', 'const', 'pattern', 'format'].some((key) => key in schema);

/** The same in what holds under a condition: of one format of files. */
const inRule = (rule: JsonSchema): JsonSchema => ({
  ...rule,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: withPaths(rule.then as JsonSchema),
});

/** Paths of `data` get the format that is checked for existence. */
function withPaths(schema: JsonSchema): JsonSchema {
  const { items, properties, allOf } = schema as {
    items?: JsonSchema;
    properties?: JsonSchema;
    allOf?: readonly JsonSchema[];
  };
  if (isPath(schema)) return { ...schema, format: 'path' };
  if (items) return { ...schema, items: withPaths(items) };
  if (!properties) return schema;
  const entries = Object.entries(properties).map(([key, value]) => [key, withPaths(value as JsonSchema)]);
  return { ...schema, properties: Object.fromEntries(entries), ...(allOf && { allOf: allOf.map(inRule) }) };
}

type TaskModule = Modules['tasks'][number];

const seed: JsonSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 0xffffffff,
  default: 1,
  description: 'Same seed and data, same result: weights, order, masks and dropout are drawn from it.',
  examples: [1],
};

/** Schema of the name of a run. */
export const name: JsonSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
  description: 'Name of the run: letters, digits, dots, dashes and underscores, at most 100.',
  examples: ['vqa-bottleneck'],
};

const adapterName: JsonSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
  description:
    'Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind.',
  examples: ['bottleneck'],
};

const adapterFrom: JsonSchema = {
  type: 'string',
  minLength: 1,
  format: 'path',
  description:
    'Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new.',
  examples: ['runs/vqa-lora', 'peft/my-lora'],
};

const backboneSchema = ({ backbones }: Modules): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  description: 'The pretrained model that adapters are put on: exactly one of `from` and `create`.',
  examples: [{ from: 'scenes-tiny' }],
  properties: {
    from: {
      type: 'string',
      minLength: 1,
      description:
        'A shipped backbone, a folder with config.json and model.safetensors, or a model of the hub that is in the ' +
        'cache of Hugging Face; absent: `create` is given.',
      examples: ['scenes-tiny', 'models/visualbert-vqa-coco-pre', 'dandelin/vilt-b32-mlm'],
    },
    create: {
      type: 'object',
      required: ['model_type'],
      properties: { model_type: { description: 'Which one.' } },
      discriminator: { propertyName: 'model_type' },
      oneOf: backbones.map(({ family, modelTypes, schema }) =>
        tagged(schema, {
          key: 'model_type',
          values: modelTypes,
          description: 'The kind of model.',
          title: family,
        }),
      ),
      description: 'Config of a backbone with random weights, for pretraining; absent: `from` is given.',
      examples: [{ model_type: 'visual_bert', hidden_size: 128, num_hidden_layers: 4 }],
    },
    precision: {
      enum: ['f32', 'bf16', 'int8'],
      default: 'f32',
      description:
        'Of the frozen weights; adapters, optimizer and loss are always f32. int8 stores the weights of linear layers in a quarter of the memory and multiplies as bf16 does.',
      examples: ['bf16'],
    },
  },
});

const DATA = 'What to train and evaluate on; paths are relative to the working directory.';

const SPLITS: Readonly<Record<SplitName, string>> = {
  train: "The training set: files of the task's reader.",
  validation: 'Picks the best checkpoint; absent: the last one is kept.',
  test: 'Evaluated once, at the end; absent: no test figures.',
};

const eachSplit = (of: (split: SplitName) => JsonSchema): JsonSchema =>
  Object.fromEntries((Object.keys(SPLITS) as SplitName[]).map((split) => [split, of(split)]));

const dataSchema = ({ regions }: Modules): JsonSchema => ({
  type: 'object',
  required: ['train'],
  additionalProperties: false,
  description: DATA,
  properties: {
    ...eachSplit((split) => ({ type: 'object', description: SPLITS[split] })),
    regions: {
      ...oneOfKinds(regions.map((module) => ({ ...module, schema: withPaths(module.schema) }))),
      description:
        'How pictures become regions, for backbones that read regions; absent: the backbone reads pictures whole.',
    },
    maxTextLength: {
      type: 'integer',
      minimum: 4,
      maximum: 65536,
      description:
        'Longest text in tokens, specials included; what is longer is cut. ' +
        'Default: 64, or what the backbone reads where that is less.',
      examples: [20, 64],
    },
  },
});

/** The splits of `data` as the reader of a task takes them; `task` is what the recipe says of it. */
const splitsOf = ({ kind, dataSchema: whole, splitSchema }: TaskModule, task: unknown): JsonSchema => ({
  type: 'object',
  properties: {
    data: {
      type: 'object',
      description: DATA,
      properties: eachSplit((split) => {
        const files = (isKind(task, kind) && splitSchema?.(task, split)) || whole;
        return { description: SPLITS[split], ...withPaths(files) };
      }),
    },
  },
});

/** Ties the splits of `data` to the reader of the task that the recipe names. */
const splitsOfEach = ({ tasks }: Modules, task: unknown): JsonSchema[] =>
  tasks.map((module) => ({
    if: {
      type: 'object',
      required: ['task'],
      properties: {
        task: { type: 'object', required: ['kind'], properties: { kind: { const: module.kind } } },
      },
    },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: splitsOf(module, task),
  }));

const isKind = (task: unknown, kind: string): task is object =>
  typeof task === 'object' && task !== null && 'kind' in task && task.kind === kind;

/** The schema of a recipe's splits, which the rest leaves open; undefined for a task that is not known. */
export function splitsSchema({ tasks }: Modules, task: unknown): JsonSchema | undefined {
  const module = tasks.find(({ kind }) => isKind(task, kind));
  return module && splitsOf(module, task);
}

/** The JSON Schema of a recipe, whose splits hold anything. */
export function recipeSchemaBesideSplits(modules: Modules): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'vlgraft recipe',
    description: 'One fine-tuning run: backbone, adapters, task, data, training.',
    type: 'object',
    required: ['name', 'backbone', 'task', 'data'],
    additionalProperties: false,
    properties: {
      $schema: {
        type: 'string',
        description: 'Where this schema lies, for editors; absent: no completion.',
        examples: ['./schema.json'],
      },
      name,
      description: {
        type: 'string',
        maxLength: 200,
        description: 'What it is for, in a few words; nothing depends on it. Absent: it is not told.',
        examples: ['answers to questions: bottleneck adapters'],
      },
      seed,
      backbone: backboneSchema(modules),
      adapters: {
        type: 'array',
        items: oneOfKinds(modules.adapters, { name: adapterName, from: adapterFrom }),
        maxItems: 64,
        default: [],
        description: 'What trains besides the head; empty: only the head trains.',
        examples: [[{ kind: 'bottleneck', reductionFactor: 8 }]],
      },
      composition: {
        enum: ['stack', 'parallel'],
        default: 'stack',
        description:
          'How several adapters meet: each on what the one before gave, or all on the frozen value, their changes added.',
        examples: ['parallel'],
      },
      task: { ...oneOfKinds(modules.tasks), description: 'What is learned, and how it is measured.' },
      data: dataSchema(modules),
      training: trainingSchemaOf(modules),
      cache: cacheSchema,
      output: {
        type: 'string',
        minLength: 1,
        description: 'Run folder, relative to the working directory. Default: runs/<name>.',
        examples: ['runs/vqa-bottleneck'],
      },
    },
  };
}

/**
 * The JSON Schema of recipes (draft 2020-12 and OpenAPI's `discriminator`), put together from the modules.
 * @param task the `task` of the recipe that is to be checked, where its splits depend on its options
 */
export const recipeSchema = (modules: Modules, task?: unknown): JsonSchema => ({
  ...recipeSchemaBesideSplits(modules),
  allOf: splitsOfEach(modules, task),
});
