import { fusedStream } from '../src/backbones/streams.js';
import { regionToPhraseHead, regionToPhraseParameters } from '../src/backbones/visualBertHeads.js';
import { UsageError } from '../src/base/errors.js';
import { tf } from '../src/engine/index.js';
import { klDivergence } from '../src/objectives/klDivergence.js';
import { candidateScores } from '../src/objectives/regionChoice.js';
import type { PhraseGroundingExample } from './examples.js';
import { boxedPicture } from './grounding/boxedPicture.js';
import { candidateStates, pixelBoxes, requireRegionStates } from './grounding/candidates.js';
import { rankCandidates, showBox } from './grounding/ranking.js';
import { publishedHead, storedName } from './heads/publishedHead.js';
import { collatePhrases } from './phraseGrounding/collate.js';
import { readMarks } from './phraseGrounding/markedSentence.js';
import {
  type PhraseGroundingOptions,
  type PhraseGroundingState,
  phraseGroundingSchema,
} from './phraseGrounding/options.js';
import { phrasePrediction, standingsOf, submissionOf } from './phraseGrounding/predictions.js';
import { baseline, labelled, report } from './phraseGrounding/report.js';
import { showPhrases, tallyPhrases } from './phraseGrounding/show.js';
import { defineTask, type Prediction } from './task.js';

/** Width of query and key, as in the published heads of BERT-base's size. */
const WIDTH = 64;

/**
 * Region-to-phrase grounding (Flickr30k Entities): which boxes does each phrase of a caption name? One attention head
 * from the last token of each phrase to the regions (VisualBERT, Li et al. 2019).
 */
export const phraseGrounding = defineTask<
  PhraseGroundingOptions,
  PhraseGroundingExample,
  PhraseGroundingState
>({
  kind: 'phrase-grounding',
  description: 'region-to-phrase grounding: which boxes each phrase of a caption names',
  schema: phraseGroundingSchema,
  examples: 'phrases',
  metric: { name: 'recall1', higherIsBetter: true },
  adapter: 'bottleneck',
  truth({ phrases }) {
    const named = phrases.map(({ text, truth = [] }) => `${text}: ${truth.map(showBox).join(' or ')}`);
    return phrases.some(({ truth }) => truth) ? named.join('; ') : undefined;
  },
  fit({ protocol }, training) {
    labelled(training);
    return { protocol };
  },
  check: (_options, backbone) => requireRegionStates(backbone),
  pictures: ({ picture }) => [picture],
  texts: ({ sentence }) => [sentence],
  length: ({ sentence }) => sentence.split(/\s+/).length + 2,
  head(_options, _state, backbone, checkpoint) {
    const { hiddenSize } = fusedStream(backbone);
    const { phrases } = backbone.heads;
    const stored = phrases && storedName(phrases, 'attention.query.weight', checkpoint);
    const [width = WIDTH] = checkpoint.get(stored ?? '')?.shape ?? [];
    const published = publishedHead(regionToPhraseParameters(hiddenSize, width), phrases, checkpoint);
    return published ?? regionToPhraseParameters(hiddenSize, WIDTH);
  },
  collate: collatePhrases,
  outputs({ encode, parameters, batch }) {
    const { hidden, regions, mask } = candidateStates(encode(), batch);
    const positions = batch.phrasePositions!;
    const scores = regionToPhraseHead({ parameters }, hidden, regions, positions);
    return {
      scores: candidateScores(scores, tf.expandDims(mask, 1)),
      boxes: tf.mul(batch.regionBoxes!, 1),
      positions: tf.add(positions, tf.scalar(0, 'int32')),
    };
  },
  loss: ({ scores }, batch) => ({ total: klDivergence(scores!, batch['target.regions']!) }),
  predictionOutputs: ['scores', 'boxes', 'positions'],
  predict({ scores, boxes, positions }, examples, state) {
    const [, count, regions] = scores!.shape as [number, number, number];
    return examples.map(({ id, picture, caption, phrases }, row): Prediction => {
      const candidates = pixelBoxes(boxes!, row, picture);
      const predicted = phrases.map((phrase, index) => {
        const at = row * count + index;
        const own = scores!.data.subarray(at * regions, (at + 1) * regions);
        const ranked = positions!.data[at] === -1 ? [] : rankCandidates(own, candidates);
        return phrasePrediction(phrase, ranked, state);
      });
      return { id, picture: picture.path, ...(caption !== undefined && { caption }), phrases: predicted };
    });
  },
  submission: (predictions, examples) => [
    {
      name: 'flickr30k_entities_predictions.json',
      content: `${JSON.stringify(submissionOf(predictions, examples))}\n`,
    },
  ],
  evaluate(predictions, examples) {
    const standings = new Map(predictions.map((one) => [one.id, standingsOf(one)]));
    return report(examples, ({ id }) => standings.get(id) ?? []);
  },
  baseline,
  tally: tallyPhrases,
  show: showPhrases,
  requestForm: { boxes: true },
  exampleFrom(request) {
    const { id, text } = request;
    const marked = readMarks(text);
    if (!('phrases' in marked)) {
      const message = `${marked.message} (column ${marked.column})`;
      throw new UsageError({ where: `input ${id}`, message, expected: '[a phrase] in brackets' });
    }
    const { text: sentence, phrases } = marked;
    const whole = { text: sentence, start: 0, end: sentence.length, types: [] };
    return {
      id,
      sentence,
      phrases: phrases.length > 0 ? phrases : [whole],
      picture: boxedPicture(request, 'caption'),
    };
  },
});
