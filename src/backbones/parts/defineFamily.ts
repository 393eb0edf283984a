import type { TensorTree } from '../../engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../../nn/parameters.js';
import type {
  BackboneFamily,
  BackboneOutput,
  BackboneShape,
  Config,
  ForwardOptions,
  Inputs,
  Weights,
} from '../backbone.js';

/** A family as its folder writes it: pure functions of its own config. */
interface FamilyDefinition<Own> extends Omit<BackboneFamily, 'open' | 'modelTypes'> {
  /** Checks a config and fills in defaults; throws UsageError with everything that is wrong. */
  read(config: Config): Own;
  shape(config: Own): BackboneShape;
  inputs(config: Own): Inputs;
  /** As `OpenBackbone.adopt`. */
  adopt(parameters: readonly ParameterSpec[], tensors: Weights): Weights;
  /** As `OpenBackbone.forward`. */
  forward(
    config: Own,
    parameters: ParameterLookup,
    batch: TensorTree,
    options?: ForwardOptions,
  ): BackboneOutput;
}

/** The family of a definition: its config is read once for each backbone that is opened. */
export function defineFamily<Own>(definition: FamilyDefinition<Own>): BackboneFamily {
  const { read, shape: shapeOf, inputs: inputsOf, adopt, forward, ...family } = definition;
  return {
    ...family,
    modelTypes: Object.keys(family.modelNames),
    open(config) {
      const own = read(config);
      const shape = shapeOf(own);
      return {
        shape,
        inputs: inputsOf(own),
        adopt: (tensors) => adopt(shape.parameters, tensors),
        forward: (parameters, batch, options) => forward(own, parameters, batch, options),
      };
    },
  };
}
