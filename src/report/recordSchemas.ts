import { UsageError } from '../base/errors.js';
import type { JsonSchema } from '../base/json.js';
import { lazyCheck } from '../schema/lazyCheck.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { schemaProblems } from '../schema/schemaWords.js';

const number = { type: 'number' };
const count = { type: 'integer', minimum: 0 };
const text = { type: 'string' };
const flag = { type: 'boolean' };
const any = {};

const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const byName = (additionalProperties: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties });
const tuple = (...prefixItems: readonly JsonSchema[]): JsonSchema => ({
  type: 'array',
  prefixItems,
  minItems: prefixItems.length,
  maxItems: prefixItems.length,
});

/** An object with these members, and others that are not looked at. */
const object = (properties: Readonly<Record<string, JsonSchema>>, perhaps: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties: { ...properties, ...perhaps },
});

const measured = object({ value: number, count: number });
const metrics = object(
  { values: byName(number) },
  { groups: byName(byName(measured)), notes: list(text), loss: number },
);
const bySplit = object({}, { validation: metrics, test: metrics });

const summary = object(
  {
    name: text,
    task: text,
    metric: text,
    steps: count,
    metrics: bySplit,
    baseline: bySplit,
    parameters: object({ trainable: count, frozen: count, share: number }),
    stoppedEarly: flag,
    seconds: object({ prepare: number, train: number, evaluate: number, total: number }, { cache: number }),
    stepsPerSecond: number,
    peakMemoryBytes: number,
  },
  {
    best: object({ step: count, value: number }),
    cache: object({ used: flag, what: text, reason: text }),
  },
);

const environment = object(
  {
    vlgraft: text,
    node: text,
    platform: text,
    engine: object({ backend: text, version: text, device: text }, { threads: number }),
    processor: text,
    cores: number,
    memoryBytes: number,
  },
  { modules: list(object({ list: text, kind: text }, { file: text })) },
);

const split = { enum: ['train', 'validation', 'test'] };
const line = object(
  { step: count, epoch: number, split, values: byName({ type: ['number', 'null'] }) },
  { learningRate: number },
);
const timing = object({ step: count, split, seconds: number, examples: count });

const bit = { enum: [0, 1] };
const outcomes = object(
  {
    split,
    step: count,
    ids: list(text),
    metrics: byName(object({ sums: list(number) }, { counts: list(number) })),
    combined: byName(object({ of: list(text), factor: number })),
  },
  {
    right: list(bit),
    pooled: byName(
      object(
        { statistic: { enum: ['median', 'rocAuc'] }, values: list(list(number)) },
        { right: list(list(bit)) },
      ),
    ),
  },
);

const range = object({ least: number, median: number, most: number });
const splitFacts = object(
  {
    examples: count,
    words: { ...byName(count), propertyNames: { pattern: '^[0-9]{1,3}$' } },
    pictures: object({ count, measured: count }, { width: range, height: range, boxes: range }),
  },
  { answers: object({ examples: count, different: count, top: list(tuple(text, count)) }) },
);
const data = {
  ...object({}, { train: splitFacts, validation: splitFacts, test: splitFacts }),
  additionalProperties: false,
};

const modules = object({
  modules: list(
    object({
      module: text,
      group: { enum: ['backbone', 'adapters', 'head'] },
      trainable: count,
      frozen: count,
    }),
  ),
});

const box = tuple(number, number, number, number);
const shownPicture = object(
  {
    picture: count,
    boxes: list(object({ box, label: text, role: { enum: ['predicted', 'true', 'given'] } })),
  },
  { title: text, right: flag },
);
const choices = object({
  title: text,
  scores: { enum: ['probability', 'similarity'] },
  choices: list(object({ text, chosen: flag }, { picture: count, score: number, right: flag })),
});
const look = object(
  {
    pictures: list(count),
    layer: count,
    places: list(object({ picture: count, name: text }, { part: box })),
    from: list(object({ text, share: number, weights: list(number) })),
  },
  { title: text },
);
const gallery = object({
  split,
  examples: list(
    object(
      {
        id: text,
        groups: list(text),
        texts: list(object({ title: text, text })),
        pictures: list(shownPicture),
        choices: list(choices),
        looks: list(look),
      },
      { right: flag, truth: text },
    ),
  ),
  pictures: list(
    object({ width: number, height: number }, { webp: { type: 'string', pattern: '^[A-Za-z0-9+/=]*$' } }),
  ),
});

const recipe = object(
  { name: text, seed: count, task: object({ kind: text }), backbone: { type: 'object' } },
  { adapters: list(object({ kind: text }, { name: text })), training: { type: 'object' }, data: any },
);

const schemas = { summary, environment, line, timing, outcomes, data, modules, gallery, recipe };

/** What a file of a run, or a line of one, holds. */
export type RecordKind = keyof typeof schemas;

const ajv = schemaCompiler({ strictTypes: false });
const checks = Object.fromEntries(
  Object.entries(schemas).map(([name, schema]) => [name, lazyCheck(() => ajv.compile(schema))]),
);

/**
 * A value of a file that a run wrote, as what it is; throws UsageError with everything in it that no run writes.
 * @param place of the value, for errors
 */
export function recorded<T>(
  kind: RecordKind,
  value: unknown,
  place: { readonly file: string; readonly line?: number },
): T {
  const check = checks[kind]!;
  if (check(value)) return value as T;
  throw new UsageError(schemaProblems(check.errors, value).map((problem) => ({ ...place, ...problem })));
}
