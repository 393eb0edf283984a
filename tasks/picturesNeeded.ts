import type { BackboneShape } from '../src/backbones/backbone.js';
import { modelsThat } from '../src/backbones/capabilities.js';
import { UsageError } from '../src/base/errors.js';
import type { Task } from './task.js';

/** Throws UsageError, `where` a JSON pointer into the recipe, where a task looks at pictures and the backbone reads none. */
export function requirePictures<Options>(
  { kind, textAlone }: Pick<Task<Options, never, never>, 'kind' | 'textAlone'>,
  options: Options,
  backbone: Pick<BackboneShape, 'textAlone'>,
): void {
  if (!backbone.textAlone || textAlone?.(options)) return;
  throw new UsageError({
    where: '/backbone',
    message: `it reads text alone, the task '${kind}' looks at pictures`,
    expected: `a backbone that reads pictures (${modelsThat(() => true)})`,
  });
}
