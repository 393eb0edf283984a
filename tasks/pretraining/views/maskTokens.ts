import type { Random } from '../../../src/base/random.js';
import { IGNORED_LABEL } from '../../../src/data/ignoredLabel.js';
import type { Processor } from '../../../src/data/sequence.js';

export interface MaskedTokens {
  readonly inputIds: Int32Array;
  /** The token that stood there, IGNORED_LABEL where none was chosen. */
  readonly labels: Int32Array;
}

const FRAME = ['pad', 'mask'] as const;

const known = new WeakMap<Processor, Promise<ReadonlySet<number>>>();

/** The ids that frame a text ([CLS], [SEP], ...) and padding: what an empty text consists of. */
export function specialTokens(processor: Processor): Promise<ReadonlySet<number>> {
  const found =
    known.get(processor) ??
    processor
      .encode({ text: '' })
      .then(({ inputIds }) => new Set([...inputIds, ...FRAME.map(processor.tokenizer.specialId)]));
  known.set(processor, found);
  return found;
}

function otherToken(vocabularySize: number, special: ReadonlySet<number>, random: Random): number {
  let id = random.integer(vocabularySize);
  while (special.has(id)) id = random.integer(vocabularySize);
  return id;
}

/**
 * Chooses `probability` of the tokens, at least one, and hides them: 80 % become [MASK], 10 % a random token, 10 % stay
 * (Devlin et al. 2019, section 3.1 and appendix A.1). Special tokens are never chosen.
 */
export function maskTokens(
  inputIds: Int32Array,
  { specialId, vocabularySize }: Pick<Processor['tokenizer'], 'specialId' | 'vocabularySize'>,
  special: ReadonlySet<number>,
  probability: number,
  random: Random,
): MaskedTokens {
  const places = [...inputIds.keys()].filter((place) => !special.has(inputIds[place]!));
  const count = Math.min(places.length, Math.max(1, Math.round(places.length * probability)));
  const masked = Int32Array.from(inputIds);
  const maskId = specialId('mask');
  const labels = new Int32Array(inputIds.length).fill(IGNORED_LABEL);
  for (const place of random.shuffle(places).slice(0, count)) {
    labels[place] = inputIds[place]!;
    const draw = random.next();
    if (draw < 0.8) masked[place] = maskId;
    else if (draw < 0.9) masked[place] = otherToken(vocabularySize, special, random);
  }
  return { inputIds: masked, labels };
}
