import { UsageError } from '../../base/errors.js';
import type { TensorTree } from '../../engine/index.js';
import type { Scope } from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { BackboneOutput, ForwardOptions } from '../backbone.js';
import { type DualEncoderConfig, ratesOf } from './config.js';
import { pictureTower } from './pictureTower.js';
import { textTower } from './textTower.js';

/** One pass of the towers whose inputs the batch has: `inputIds` for text, `patches` for pictures. */
export function dualEncoderForward(
  config: DualEncoderConfig,
  parameters: ParameterLookup,
  batch: TensorTree,
  { hooks }: ForwardOptions = {},
): BackboneOutput {
  const scope: Scope = { parameters, ...(hooks && { hooks }) };
  if (!batch.inputIds && !batch.patches) throw new UsageError('a batch needs texts or pictures');
  return {
    ...(batch.inputIds && { text: textTower({ ...scope, rates: ratesOf(config.text) }, config, batch) }),
    ...(batch.patches && {
      picture: pictureTower({ ...scope, rates: ratesOf(config.picture) }, config, batch),
    }),
  };
}
