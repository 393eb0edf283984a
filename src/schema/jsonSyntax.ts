import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import type { Problem } from '../base/errors.js';

const WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'not a JSON value',
  InvalidNumberFormat: 'not a JSON number',
  PropertyNameExpected: 'a key in double quotes was expected here',
  ValueExpected: 'a value was expected here',
  ColonExpected: 'a colon was expected here',
  CommaExpected: 'a comma was expected here',
  CloseBraceExpected: 'a closing } was expected here',
  CloseBracketExpected: 'a closing ] was expected here',
  EndOfFileExpected: 'the JSON ends here, but more text follows',
  InvalidCommentToken: 'a comment stands here, which JSON has not',
  UnexpectedEndOfComment: 'this comment does not end',
  UnexpectedEndOfString: 'this string does not end',
  UnexpectedEndOfNumber: 'this number does not end',
  InvalidUnicode: 'not a valid \\u escape',
  InvalidEscapeCharacter: 'not a valid escape in a string',
  InvalidCharacter: 'a control character stands in a string',
};

/** What a syntax error of jsonc-parser is, in words. */
export function syntaxWords(code: ParseErrorCode): string {
  const name = printParseErrorCode(code);
  return WORDS[name] ?? name;
}

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/**
 * Where a text that JSON.parse refused goes wrong first.
 * @param refusal what JSON.parse said, for errors that nothing else finds
 */
function syntaxProblem(file: string, text: string, refusal: unknown): Problem {
  let found: Problem | undefined;
  const onError = (code: ParseErrorCode, _offset: number, _length: number, line: number, column: number) => {
    found ??= { file, line: line + 1, column: column + 1, message: `not JSON: ${syntaxWords(code)}` };
  };
  visit(text, { onError }, STRICT);
  return found ?? { file, message: `not JSON: ${refusal instanceof Error ? refusal.message : refusal}` };
}

/** Levels of lists and objects inside each other that are read: what walks a value goes down level by level. */
const DEEPEST = 100;

const [QUOTE, BACKSLASH, SLASH, STAR] = [0x22, 0x5c, 0x2f, 0x2a];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const CLOSED_BY: Readonly<Record<number, number>> = { [LIST_END]: LIST, [OBJECT_END]: OBJECT };

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];

const endsString = (code: number): boolean =>
  code === QUOTE || code === LINE_FEED || code === CARRIAGE_RETURN;

/** The place after a string that begins at a quote; one that is not closed ends with its line. */
function afterString(text: string, quote: number): number {
  let at = quote + 1;
  while (at < text.length && !endsString(text.charCodeAt(at)))
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

const LINE_END = /[\n\r]/g;

/** The place after a comment, or after a slash that begins none. */
function afterSlash(text: string, slash: number): number {
  const next = text.charCodeAt(slash + 1);
  if (next === STAR) {
    const end = text.indexOf('*/', slash + 2);
    return end === -1 ? text.length : end + 2;
  }
  if (next !== SLASH) return slash + 1;
  LINE_END.lastIndex = slash + 2;
  return LINE_END.exec(text)?.index ?? text.length;
}

/**
 * Where a list or an object begins below more than 100 others; undefined: nowhere. Comments are passed over. Also of a
 * text that is no JSON, no parser that goes on after an error goes deeper: what closes the wrong thing closes nothing.
 */
function tooDeepAt(text: string): number | undefined {
  const open: number[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = afterString(text, at);
    else if (code === SLASH) at = afterSlash(text, at);
    else {
      if ((code === LIST || code === OBJECT) && open.push(code) > DEEPEST) return at;
      if (CLOSED_BY[code] !== undefined && open.at(-1) === CLOSED_BY[code]) open.pop();
      at++;
    }
  }
  return undefined;
}

/** What is wrong with JSON whose lists and objects stand too deep inside each other; undefined: nothing. */
export function nestingProblem(file: string, text: string): Problem | undefined {
  const at = tooDeepAt(text);
  if (at === undefined) return undefined;
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  let line = 1;
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', end + 1)) line++;
  const message = 'lists and objects stand too deep inside each other';
  return { file, line, column: at - lineStart + 1, message, expected: `at most ${DEEPEST} levels` };
}

/** A value of JSON, or what is wrong with its text. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: Problem };

/**
 * Reads JSON that comes from outside: gives a problem where it is none, or is nested deeper than any file needs.
 * @param parse throws what JSON.parse throws
 */
export function parseJson(
  file: string,
  text: string,
  parse: (text: string) => unknown = JSON.parse,
): ParsedJson {
  const problem = nestingProblem(file, text);
  if (problem) return { problem };
  try {
    return { value: parse(text) };
  } catch (error) {
    return { problem: syntaxProblem(file, text, error) };
  }
}
