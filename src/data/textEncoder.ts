import { float32, type HostBatch, int32 } from '../base/hostTensor.js';
import { largest } from '../base/lists.js';
import { createAsyncCache } from './asyncCache.js';
import type { SequenceInput, TextSpan } from './sequence.js';
import type { Encoding, Tokenizer } from './tokenizer.js';

/** Texts whose tokens are kept. */
const TEXTS_KEPT = 200_000;

/** The tokens of an input's texts, and where its spans are among them. */
export interface EncodedText extends Encoding {
  readonly spans?: readonly (readonly [number, number] | undefined)[];
}

/** Tokenises texts once each. */
export interface TextEncoder {
  readonly maxTextLength: number;
  readonly padId: number;
  encode(input: Pick<SequenceInput, 'text' | 'textPair' | 'spans'>): Promise<EncodedText>;
}

/**
 * First and last token of a span. Tokens are counted in the text up to the span's ends, which is exact where they lie
 * between words.
 */
function spanTokens(
  tokenizer: Tokenizer,
  input: Pick<SequenceInput, 'text' | 'textPair'>,
  { of = 'text', start, end }: TextSpan,
  encoding: Encoding,
): readonly [number, number] | undefined {
  const whole = input[of] ?? '';
  const [begin, limit] = encoding.parts[of] ?? [0, 0];
  const first = begin + tokenizer.tokenize(whole.slice(0, start).trimEnd()).length;
  const last = begin + tokenizer.tokenize(whole.slice(0, end)).length - 1;
  return first <= last && last < limit ? [first, last] : undefined;
}

/** A text encoder that cuts texts to `maxTextLength` tokens, specials included. */
export function createTextEncoder(tokenizer: Tokenizer, maxTextLength: number): TextEncoder {
  const texts = createAsyncCache<EncodedText>(TEXTS_KEPT, () => 1);
  const encode = ({ text = '', textPair, spans }: Pick<SequenceInput, 'text' | 'textPair' | 'spans'>) => {
    const encoding = tokenizer.encode(text, textPair, { maxLength: maxTextLength });
    if (!spans) return encoding;
    const input = { text, ...(textPair !== undefined && { textPair }) };
    return { ...encoding, spans: spans.map((span) => spanTokens(tokenizer, input, span, encoding)) };
  };
  return {
    maxTextLength,
    padId: tokenizer.specialId('pad'),
    encode: (input) =>
      texts.get(JSON.stringify([input.text, input.textPair, input.spans]), async () => encode(input)),
  };
}

const longest = (lengths: readonly number[]) => largest(lengths, 0);

/** A length rounded up to a multiple. */
export const roundUp = (length: number, multiple: number): number => Math.ceil(length / multiple) * multiple;

/**
 * inputIds, tokenTypeIds [B, T] int32 and attentionMask [B, T] float32, padded to the longest rounded up to
 * `multiple`, not beyond `maxTextLength`.
 */
export function collateTexts(
  texts: readonly Pick<EncodedText, 'ids' | 'typeIds'>[],
  { padId, maxTextLength }: Pick<TextEncoder, 'padId' | 'maxTextLength'>,
  multiple = 1,
): HostBatch {
  const real = longest(texts.map(({ ids }) => ids.length));
  const length = Math.max(real, Math.min(roundUp(real, multiple), maxTextLength));
  const shape = [texts.length, length];
  const [inputIds, tokenTypeIds, attentionMask] = [int32(shape), int32(shape), float32(shape)];
  inputIds.data.fill(padId);
  texts.forEach(({ ids, typeIds }, row) => {
    inputIds.data.set(ids, row * length);
    tokenTypeIds.data.set(typeIds, row * length);
    attentionMask.data.fill(1, row * length, row * length + ids.length);
  });
  return { inputIds, tokenTypeIds, attentionMask };
}
