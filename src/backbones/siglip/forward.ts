import { UsageError } from '../../base/errors.js';
import type { TensorTree } from '../../engine/index.js';
import type { Scope } from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { BackboneOutput, ForwardOptions } from '../backbone.js';
import type { SiglipConfig, TowerConfig } from './config.js';
import { pictureTower } from './pictureTower.js';
import { textTower } from './textTower.js';

/** One pass of the towers whose inputs the batch has: `inputIds` for text, `patches` for pictures. */
export function siglipForward(
  config: SiglipConfig,
  parameters: ParameterLookup,
  batch: TensorTree,
  { hooks }: ForwardOptions = {},
): BackboneOutput {
  if (!batch.inputIds && !batch.patches) throw new UsageError('a batch needs texts or pictures');
  const scopeOf = ({ attention_dropout: attention }: TowerConfig): Scope => ({
    parameters,
    rates: { hidden: 0, attention },
    ...(hooks && { hooks }),
  });
  return {
    ...(batch.inputIds && { text: textTower(scopeOf(config.text), config, batch) }),
    ...(batch.patches && { picture: pictureTower(scopeOf(config.picture), config, batch.patches) }),
  };
}
