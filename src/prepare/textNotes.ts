import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { UsageError } from '../base/errors.js';
import type { Tokenizer } from '../data/tokenizer.js';

/** Share of unknown tokens up to which nothing is said. */
const MOST_UNKNOWN = 0.05;
/** Texts that are shown, and the characters of each. */
const TEXTS_SHOWN = 3;
const CHARACTERS_SHOWN = 60;
/** Examples whose texts are looked at before a run. */
const EXAMPLES_LOOKED_AT = 500;

/** Counts tokens that the vocabulary can't write. */
export interface UnknownMeter {
  /** `ids`: of a text, or of a pair, with special tokens. */
  count(text: string, ids: ArrayLike<number> & Iterable<number>, isPair?: boolean): void;
  /** What is to be told of the texts of `name`: nothing where few tokens are unknown. */
  notes(name: string): string[];
}

export function createUnknownMeter({ unknownId, token, file, encode }: Tokenizer): UnknownMeter {
  const texts: string[] = [];
  let [unknown, total] = [0, 0];
  const unknownIn = (ids: Iterable<number>) => Array.from(ids).filter((id) => id === unknownId).length;
  // special tokens are no part of a text: CLIP's end token stands for unknown ones as well
  const [single, pair] = [encode('').ids, encode('', '').ids];
  const count = (text: string, ids: ArrayLike<number> & Iterable<number>, isPair = false) => {
    const frame = isPair ? pair : single;
    const found = unknownIn(ids) - unknownIn(frame);
    total += ids.length - frame.length;
    unknown += found;
    if (found > 0 && texts.length < TEXTS_SHOWN && !texts.includes(text)) texts.push(text);
  };
  const notes = (name: string) => {
    if (unknownId === undefined || unknown <= MOST_UNKNOWN * total) return [];
    const examples = texts.map((text) => JSON.stringify([...text].slice(0, CHARACTERS_SHOWN).join('')));
    const share = ((100 * unknown) / total).toFixed(0);
    return [
      `${share} % of the tokens of ${name} are ${token(unknownId)}, which ${file} has for what it can't write, for example in ${examples.join(', ')}`,
    ];
  };
  return { count, notes };
}

/** Its texts, where the task tells them. */
export function textsOf({ texts }: AnyTask, example: Example): readonly string[] {
  try {
    return texts?.(example) ?? [];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** What may not be meant about a tokenizer and the texts that it is given before a run. */
export function textNotes(
  tokenizer: Tokenizer,
  task: AnyTask,
  examples: readonly Example[],
  limit: number,
): string[] {
  const meter = createUnknownMeter(tokenizer);
  for (const example of examples.slice(0, EXAMPLES_LOOKED_AT))
    for (const text of textsOf(task, example)) meter.count(text, tokenizer.encode(text).ids);
  return [...tokenizerNotes(tokenizer, limit), ...meter.notes('train')];
}

/** The same about the tokenizer alone; `limit`: `data.maxTextLength`. */
export function tokenizerNotes({ notes, longestText, file }: Tokenizer, limit: number): string[] {
  const long =
    longestText !== undefined && longestText < limit
      ? [
          `data.maxTextLength, ${limit}, is more than the model_max_length of tokenizer_config.json, ${longestText}`,
        ]
      : [];
  return [...notes.map((note) => `${file}: ${note}`), ...long];
}
