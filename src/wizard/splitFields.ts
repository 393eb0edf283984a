import { schemaOfSplit } from '../../tasks/readers/reader.js';
import type { AnyTask } from '../../tasks/task.js';
import type { Json, JsonSchema } from '../base/json.js';
import { isPath } from '../recipe/schema.js';

type Files = Pick<AnyTask, 'dataSchema' | 'readers'>;
type Split = Readonly<Record<string, Json>>;

const propertiesOf = (task: Files, split?: Split): Readonly<Record<string, JsonSchema>> =>
  (schemaOfSplit(task, split).properties ?? {}) as Record<string, JsonSchema>;

/** Keys of a split, in its format, that name a file or a folder. */
export const pathKeys = (task: Files, split?: Split): string[] =>
  Object.entries(propertiesOf(task, split))
    .filter(([, schema]) => isPath(schema))
    .map(([key]) => key);

/** Keys that a split in its format can't do without. */
export const requiredKeys = (task: Files, split?: Split): readonly string[] =>
  (schemaOfSplit(task, split).required ?? []) as string[];

/** The schema of one key of a split in its format. */
export const splitKeySchema = (task: Files, key: string, split?: Split): JsonSchema | undefined =>
  propertiesOf(task, split)[key];

/** The keys of splits in every format that the task reads. */
export const everyKey = ({ readers, dataSchema }: Files): Readonly<Record<string, JsonSchema>> =>
  Object.assign(
    {},
    ...(readers ?? []).map(({ schema }) => schema.properties),
    dataSchema.properties,
  ) as Record<string, JsonSchema>;
