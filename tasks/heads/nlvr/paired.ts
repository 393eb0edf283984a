import type { BackboneShape } from '../../../src/backbones/backbone.js';
import { pooledOutput, pooledWidth } from '../../../src/backbones/streams.js';
import { tf } from '../../../src/engine/index.js';
import type { ParameterSpec } from '../../../src/nn/parameters.js';
import { classifierParameters } from '../classifier.js';
import { classifyNormed, publishedClassifier } from '../normedClassifier.js';
import { halves, type PairHead, pairSource, truthClasses } from './pairHead.js';

function specsOf(backbone: BackboneShape): ParameterSpec[] {
  const hiddenWidth = 2 * (backbone.streams[0]?.pooledSize ?? 0);
  return classifierParameters({ inputWidth: 2 * pooledWidth(backbone), hiddenWidth, classes: 2 });
}

/**
 * Both pooled outputs side by side -> Linear -> LayerNorm -> GELU -> Linear: the head of ViLT (Kim et al. 2021, arXiv
 * 2102.03334, section 4.2), with whose NLVR2 weights it starts where the backbone's folder has them.
 */
export const paired: PairHead = {
  name: 'paired',
  pictures: 'apart',
  parameters(backbone, checkpoint) {
    const source = pairSource(backbone, 'both');
    return publishedClassifier(specsOf(backbone), source, checkpoint, truthClasses(source));
  },
  logits(output, { parameters, ...options }) {
    const both = tf.concat([...halves(pooledOutput(output))], 1);
    return classifyNormed(both, parameters, options);
  },
};
