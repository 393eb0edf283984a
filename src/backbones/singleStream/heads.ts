import type { AnswerSource, HeadName, HeadSources } from '../backbone.js';
import { bertWords } from '../parts/bert.js';
import { areUnnamed, mayBe } from '../parts/publishedHead.js';
import type { SingleStreamConfig } from './config.js';

/** Classes that may also be those of another head: VisualBertForVisualReasoning tells two apart. */
const FEW = 2;

/** BERT's decoder has a bias of its own, under one of two names. */
const WORDS: readonly HeadName[] = [['cls.predictions.bias', 'cls.predictions.decoder.bias']];
const LINEAR: readonly HeadName[] = [['', 'cls.']];

/**
 * VisualBertForQuestionAnswering. A config that names more than two classes and no architecture is taken for one; labels
 * of which one is missing are none.
 */
function answers({ published }: SingleStreamConfig): AnswerSource | undefined {
  const { architecture, labels } = published;
  if (!labels || !mayBe('VisualBertForQuestionAnswering', published)) return undefined;
  const isSaid = architecture !== undefined || (labels.length > FEW && !areUnnamed(labels));
  return isSaid ? { labels, reads: 'lastWord' } : undefined;
}

/** Those of VisualBertForQuestionAnswering, ForVisualReasoning, ForMultipleChoice and ForRegionToPhraseAlignment. */
function visualHeads(config: SingleStreamConfig): HeadSources {
  const { published } = config;
  const found = answers(config);
  const { labels } = published;
  return {
    ...(found && { answers: found }),
    ...(mayBe('VisualBertForVisualReasoning', published) && {
      pair: { reads: 'oneSequence', ...(labels && { labels }) },
    }),
    ...(mayBe('VisualBertForMultipleChoice', published) && { choice: { names: LINEAR } }),
    phrases: {},
  };
}

/** The heads of BERT and VisualBERT checkpoints. */
export const singleStreamHeads = (config: SingleStreamConfig): HeadSources => ({
  words: bertWords(config, WORDS),
  matching: {},
  ...(config.model_type === 'visual_bert' && visualHeads(config)),
});
