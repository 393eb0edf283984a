import type { JsonSchema } from '../base/json.js';
import type { AnyTask } from '../model/model.js';
import { isPath } from '../recipe/schema.js';

const propertiesOf = ({ dataSchema }: Pick<AnyTask, 'dataSchema'>): Readonly<Record<string, JsonSchema>> =>
  (dataSchema.properties ?? {}) as Record<string, JsonSchema>;

/** Keys of a split that name a file or a folder. */
export const pathKeys = (task: Pick<AnyTask, 'dataSchema'>): string[] =>
  Object.entries(propertiesOf(task))
    .filter(([, schema]) => isPath(schema))
    .map(([key]) => key);

/** Keys that a split can't do without. */
export const requiredKeys = ({ dataSchema }: Pick<AnyTask, 'dataSchema'>): readonly string[] =>
  (dataSchema.required ?? []) as string[];

/** The schema of one key of a split. */
export const splitKeySchema = (task: Pick<AnyTask, 'dataSchema'>, key: string): JsonSchema | undefined =>
  propertiesOf(task)[key];
