import { lazily } from '../../../src/backbones/lazily.js';
import { hasTowers, jointOutput, jointStream } from '../../../src/backbones/streams.js';
import { visualReasoningHead } from '../../../src/backbones/visualBertHeads.js';
import { UsageError } from '../../../src/base/errors.js';
import { linearParameters, normal } from '../../../src/nn/parameters.js';
import { isPublishedAs, publishedHead } from '../publishedHead.js';
import { type PairHead, truthClasses } from './pairHead.js';

/**
 * Both pictures' regions in one sequence, told apart by their segments 0 and 1; pooled output -> Linear (VisualBERT,
 * Li et al. 2019, arXiv 1908.03557, section 4.3), whose weights it starts with where the backbone's folder has them.
 */
export const oneSequence: PairHead = {
  name: 'one-sequence',
  pictures: 'together',
  check(backbone) {
    if (backbone.regions && !hasTowers(backbone)) return;
    throw new UsageError({
      where: '/task/head',
      message: `a ${backbone.family} backbone can't read the regions of two pictures in one sequence`,
      expected: '"paired"',
    });
  },
  parameters(backbone, checkpoint) {
    const specs = linearParameters('cls', jointStream(backbone).pooledSize, 2, normal(0.02));
    if (!isPublishedAs('VisualBertForVisualReasoning', backbone)) return specs;
    return publishedHead(specs, checkpoint, { classes: truthClasses(backbone) }) ?? specs;
  },
  logits(output, { parameters, dropout, dropoutRate }) {
    const joint = jointOutput(output);
    const pooled = () => dropout(joint.pooled, dropoutRate);
    return visualReasoningHead({ parameters }, lazily(joint, { pooled }));
  },
};
