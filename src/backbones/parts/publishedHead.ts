import type { Json } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import type { Config } from '../backbone.js';

/** What config.json says of the head that a checkpoint was saved with. */
export interface PublishedHead {
  /** The class of transformers, for example `VisualBertForVisualReasoning`. */
  readonly architecture?: string;
  /** Names of its classes, in order; absent where config.json names none. */
  readonly labels?: readonly string[];
}

/** The labels by class; undefined where there are none, or one is missing. */
function labelsOf(labels: Json | undefined): readonly string[] | undefined {
  if (!isJsonObject(labels)) return undefined;
  const names = Object.keys(labels).map((_, id) => labels[id]);
  return names.length > 0 && names.every((name) => typeof name === 'string')
    ? (names as string[])
    : undefined;
}

/** What config.json says of the head that a checkpoint was saved with. */
export function publishedHead({ architectures, id2label }: Config): PublishedHead {
  const [architecture] = Array.isArray(architectures) ? architectures : [];
  const labels = labelsOf(id2label);
  return { ...(typeof architecture === 'string' && { architecture }), ...(labels && { labels }) };
}

/** Whether config.json says that, or does not say what a checkpoint was saved as. */
export const mayBe = (architecture: string, published: PublishedHead): boolean =>
  (published.architecture ?? architecture) === architecture;

/** Whether labels are those that transformers fills in where nobody named the classes: LABEL_0, LABEL_1, ... */
export const areUnnamed = (labels: readonly string[]): boolean =>
  labels.every((label, id) => label === `LABEL_${id}`);
