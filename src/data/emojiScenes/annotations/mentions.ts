import type { SceneObject } from '../scene.js';

/** Words of a sentence that name something. */
export interface Mention {
  readonly words: string;
  /** What is meant; none for the ground and for what is not to be seen. */
  readonly objects: readonly SceneObject[];
  /** One of the types of Flickr30k Entities. */
  readonly type: string;
}

/** A sentence as text and mentions in turn. */
export type Sentence = readonly (string | Mention)[];

/** A template with mentions, or parts of sentences, in it. */
export const say = (
  strings: TemplateStringsArray,
  ...parts: readonly (string | Mention | Sentence)[]
): Sentence => strings.flatMap((text, i) => [text, ...[parts[i] ?? []].flat()]).filter((part) => part !== '');

/** `a, b and c`. */
export const listedMentions = (mentions: readonly Mention[]): Sentence =>
  mentions.flatMap((mention, i) => {
    const between = i === 0 ? '' : i === mentions.length - 1 ? ' and ' : ', ';
    return between === '' ? [mention] : [between, mention];
  });

/** Each part with other words. */
export const reworded = (sentence: Sentence, change: (words: string, place: number) => string): Sentence =>
  sentence.map((part, place) =>
    typeof part === 'string' ? change(part, place) : { ...part, words: change(part.words, place) },
  );

/** The words alone. */
export const textOf = (sentence: Sentence): string =>
  sentence.map((part) => (typeof part === 'string' ? part : part.words)).join('');
