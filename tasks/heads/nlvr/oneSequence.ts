import { gives } from '../../../src/backbones/capabilities.js';
import { lazily } from '../../../src/backbones/lazily.js';
import { fusedOutput, fusedStream } from '../../../src/backbones/streams.js';
import { visualReasoningHead } from '../../../src/backbones/visualBertHeads.js';
import { UsageError } from '../../../src/base/errors.js';
import { linearParameters, normal } from '../../../src/nn/parameters.js';
import { publishedHead } from '../publishedHead.js';
import { type PairHead, pairSource, truthClasses } from './pairHead.js';

/**
 * Both pictures' regions in one sequence, told apart by their segments 0 and 1; pooled output -> Linear (VisualBERT,
 * Li et al. 2019, arXiv 1908.03557, section 4.3), whose weights it starts with where the backbone's folder has them.
 */
export const oneSequence: PairHead = {
  name: 'one-sequence',
  pictures: 'together',
  check(backbone) {
    if (gives(backbone, 'regions', 'fused')) return;
    throw new UsageError({
      where: '/task/head',
      message: `a ${backbone.family} backbone can't read the regions of two pictures in one sequence`,
      expected: '"paired"',
    });
  },
  parameters(backbone, checkpoint) {
    const specs = linearParameters('cls', fusedStream(backbone).pooledSize, 2, normal(0.02));
    const source = pairSource(backbone, 'oneSequence');
    return publishedHead(specs, source, checkpoint, truthClasses(source)) ?? specs;
  },
  logits(output, { parameters, dropout, dropoutRate }) {
    const fused = fusedOutput(output);
    const pooled = () => dropout(fused.pooled, dropoutRate);
    return visualReasoningHead({ parameters }, lazily(fused, { pooled }));
  },
};
