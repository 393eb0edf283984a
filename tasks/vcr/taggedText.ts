import type { TextSpan } from '../../src/data/sequence.js';

/** A word, or the places of objects that are meant. */
export type VcrToken = string | readonly number[];

/** A sentence in which parts name boxes of the picture. */
export interface TaggedText {
  readonly text: string;
  readonly spans: readonly (Pick<TextSpan, 'start' | 'end'> & { readonly box: number })[];
}

/** `person 1`, `person 2`, `dog 1`: each object by its class and its number among those of its class. */
export function objectNames(classes: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return classes.map((name) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return `${name} ${number}`;
  });
}

/** Words joined by blanks, no blank before a mark of punctuation; references read as the names of their objects. */
export function tagText(tokens: readonly VcrToken[], names: readonly string[]): TaggedText {
  let text = '';
  const spans: { start: number; end: number; box: number }[] = [];
  const add = (word: string): number => {
    const glued = text === '' || /^[.,!?;:'’)\]]/.test(word);
    const start = text.length + (glued ? 0 : 1);
    text += glued ? word : ` ${word}`;
    return start;
  };
  for (const token of tokens) {
    if (typeof token === 'string') {
      if (token !== '') add(token);
      continue;
    }
    for (const [at, box] of token.entries()) {
      if (at > 0) add('and');
      const name = names[box] as string;
      const start = add(name);
      spans.push({ start, end: start + name.length, box });
    }
  }
  return { text, spans };
}
