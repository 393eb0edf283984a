import type { AnswerSource, HeadName, HeadSources } from '../backbone.js';
import { bertWords } from '../parts/bert.js';
import { mayBe } from '../parts/publishedHead.js';
import type { PatchStreamConfig } from './config.js';

/** ViltForQuestionAnswering and ViltForImagesAndTextClassification. */
const CLASSIFIER: readonly HeadName[] = [
  ['dense.', 'classifier.0.'],
  ['norm.', 'classifier.1.'],
  ['output.', 'classifier.3.'],
];

/** ViltForMaskedLM, whose decoder has a bias of its own under one of two names. */
const WORDS: readonly HeadName[] = [
  ['cls.predictions.', 'mlm_score.'],
  ['cls.predictions.bias', 'cls.predictions.decoder.bias'],
  ['cls.predictions.bias', 'mlm_score.decoder.bias'],
];

/** A config that names classes and no architecture is that of a ViltForQuestionAnswering. */
function answers({ published }: PatchStreamConfig): AnswerSource | undefined {
  const { labels } = published;
  const isTheirs = labels && mayBe('ViltForQuestionAnswering', published);
  return isTheirs ? { labels, reads: 'pooled', names: CLASSIFIER } : undefined;
}

/** The heads of ViLT checkpoints. */
export function patchStreamHeads(config: PatchStreamConfig): HeadSources {
  const found = answers(config);
  const { labels } = config.published;
  return {
    ...(found && { answers: found }),
    pair: { reads: 'both', names: CLASSIFIER, ...(labels && { labels }) },
    matching: { yes: ['cls.seq_relationship.', 'rank_output.'] },
    words: bertWords(config, WORDS),
  };
}
