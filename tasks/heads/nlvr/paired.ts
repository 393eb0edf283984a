import type { BackboneShape } from '../../../src/backbones/backbone.js';
import { pooledOutput, pooledWidth } from '../../../src/backbones/streams.js';
import { activation, layerNorm, linear, tf } from '../../../src/engine/index.js';
import {
  layerNormParameters,
  linearParameters,
  normal,
  type ParameterSpec,
} from '../../../src/nn/parameters.js';
import { publishedHead } from '../publishedHead.js';
import { halves, type PairHead } from './pairHead.js';

const EPSILON = 1e-5;

/** Names in folders of ViltForImagesAndTextClassification. */
const publishedNames: Readonly<Record<string, string>> = {
  dense: 'classifier.0',
  norm: 'classifier.1',
  output: 'classifier.3',
};

function specsOf(backbone: BackboneShape): ParameterSpec[] {
  const hidden = 2 * (backbone.streams[0]?.pooledSize ?? 0);
  return [
    ...linearParameters('dense', 2 * pooledWidth(backbone), hidden, normal(0.02)),
    ...layerNormParameters('norm', hidden),
    ...linearParameters('output', hidden, 2, normal(0.02)),
  ];
}

const publishedName = (name: string): string => {
  const [layer, kind] = name.split('.') as [string, string];
  return `${publishedNames[layer]}.${kind}`;
};

/**
 * Both pooled outputs side by side -> Linear -> LayerNorm -> GELU -> Linear: the head of ViLT (Kim et al. 2021, arXiv
 * 2102.03334, section 4.2), with whose NLVR2 weights it starts where the backbone's folder has them.
 */
export const paired: PairHead = {
  name: 'paired',
  pictures: 'apart',
  parameters(backbone, checkpoint) {
    const specs = specsOf(backbone);
    return publishedHead(specs, checkpoint, publishedName) ?? specs;
  },
  logits(output, { parameters, dropout, dropoutRate }) {
    const both = tf.concat([...halves(pooledOutput(output))], 1);
    const dense = linear(both, parameters('dense.weight'), parameters('dense.bias'));
    const normed = layerNorm(dense, parameters('norm.weight'), parameters('norm.bias'), EPSILON);
    const hidden = dropout(activation('gelu')(normed), dropoutRate);
    return linear(hidden, parameters('output.weight'), parameters('output.bias'));
  },
};
