import type { BackboneShape } from '../../src/backbones/backbone.js';
import { fusedStream } from '../../src/backbones/streams.js';
import { UsageError } from '../../src/base/errors.js';
import type { Tensor } from '../../src/engine/index.js';
import type { ParameterSpec } from '../../src/nn/parameters.js';
import type { ForwardContext } from '../task.js';
import { languageHead, languageParameters } from './pretraining.js';

/** The table of a backbone's word embeddings [vocabulary, H], and how words are predicted; undefined where it has none. */
function designOf({ parameters, heads: { words: design } }: BackboneShape) {
  const words = parameters.find(({ name }) => name.endsWith('embeddings.word_embeddings.weight'));
  return words && design && { words, design };
}

/**
 * Throws UsageError where a backbone has no words to predict.
 * @param where the option that asks for them
 * @param expected what would be right
 */
export function requireWords(backbone: BackboneShape, where: string, expected: string): void {
  if (designOf(backbone)) return;
  const message = `a ${backbone.family} backbone of this config has no word embeddings to predict words with`;
  throw new UsageError({ where, message, expected });
}

function wordsOf(backbone: BackboneShape) {
  const found = designOf(backbone);
  if (found) return found;
  throw new Error(`a ${backbone.family} backbone has no words to predict`);
}

/** Parameters of `wordLogits`: `cls.predictions.*`. */
export function wordParameters(backbone: BackboneShape): ParameterSpec[] {
  const { words, design } = wordsOf(backbone);
  return languageParameters(fusedStream(backbone).hiddenSize, words, design.tied);
}

/** Scores of the words for states [B, S, H]: [B, S, vocabulary]. */
export function wordLogits(
  states: Tensor,
  {
    backbone,
    backboneParameters,
    parameters,
  }: Pick<ForwardContext<unknown, unknown>, 'backbone' | 'backboneParameters' | 'parameters'>,
): Tensor {
  const { words, design } = wordsOf(backbone);
  return languageHead(parameters, states, () => backboneParameters(words.name), design);
}
