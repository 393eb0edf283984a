/**
 * Characters that a terminal acts on, that change the order in which others are shown, or that can't be seen: control
 * and format characters, separators of lines and paragraphs, halves of pairs. Not the joiner inside an emoji.
 */
const HIDDEN =
  /(?<!(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)(?=\u200D\p{Extended_Pictographic}))[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;

/** A character as JSON escapes it: one that needs two units as both of them. */
const escaped = (character: string): string =>
  SHORT[character] ??
  Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join('');

/** A text of a file or a user on one line of a terminal: what could not be seen there, or would act on it, is escaped. */
export const visible = (text: string): string => text.replace(HIDDEN, escaped);

/** The same for a text of several lines: line breaks and tabs stay. */
export const visibleLines = (text: string): string =>
  text.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  );

/** A text of at most `most` characters, its middle cut out. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const start = Math.ceil((most - 1) * 0.7);
  return `${text.slice(0, start)}…${text.slice(text.length - (most - 1 - start))}`;
}
