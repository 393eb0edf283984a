import type { Random } from '../../../src/base/random.js';
import type { CaptionExample } from '../../examples.js';

/** A thing of the picture that its caption names. */
interface Mention {
  readonly name: string;
  /** As it stands in the caption. */
  readonly word: string;
  readonly start: number;
  readonly plural: boolean;
}

const known = new WeakMap<CaptionExample, readonly Mention[]>();

function findMentions({ caption, picture }: CaptionExample): Mention[] {
  return [...new Set(picture.labelNames)].flatMap((name) => {
    const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const match = new RegExp(`(?<!\\w)${escaped}(e?s)?(?!\\w)`, 'i').exec(caption);
    return match
      ? [{ name, word: match[0], start: match.index, plural: match[1] !== undefined } satisfies Mention]
      : [];
  });
}

/** Things by the names of their categories, plurals in -s and -es among them. */
function mentionsOf(example: CaptionExample): readonly Mention[] {
  const found = known.get(example) ?? findMentions(example);
  known.set(example, found);
  return found;
}

const startsWithVowel = ({ word }: Mention) => /^[aeiou]/i.test(word);

/** Whether the sentence stays one: "an owl" takes an elephant, not a cat or cats. */
const fits = (one: Mention, other: Mention): boolean =>
  one.plural === other.plural && startsWithVowel(one) === startsWithVowel(other);

/**
 * The caption with the name of one thing exchanged for that of a thing that other captions of the batch name and this
 * picture does not show (Shekhar et al. 2017, "FOIL it!"); undefined where no name fits.
 */
export function foilOf(
  example: CaptionExample,
  batch: readonly CaptionExample[],
  random: Random,
): string | undefined {
  const own = mentionsOf(example);
  if (own.length === 0) return undefined;
  const { word, start, ...mention } = random.pick(own);
  const others = batch
    .flatMap(mentionsOf)
    .filter((other) => fits({ word, start, ...mention }, other))
    .filter(({ name }) => !example.picture.labelNames?.includes(name));
  if (others.length === 0) return undefined;
  const { caption } = example;
  return caption.slice(0, start) + random.pick(others).word + caption.slice(start + word.length);
}
