import type { JsonSchema } from '../../src/base/json.js';
import type { BoxProtocol } from '../metrics/flickr30kEntities.js';

/** Options of the task `phrase-grounding`. */
export interface PhraseGroundingOptions {
  readonly protocol: BoxProtocol;
}

/** What collating must know of the options. */
export type PhraseGroundingState = { readonly protocol: BoxProtocol };

/** Schema of the options. */
export const phraseGroundingSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    protocol: {
      enum: ['any', 'merged'],
      default: 'any',
      description:
        'What a box must overlap: any box of the phrase, or the smallest one around all of them; in training and in the metric.',
    },
  },
};
