import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import type { Problem } from './errors.js';

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
export function syntaxProblem(file: string, text: string, refusal: unknown): Problem {
  let found: Problem | undefined;
  const onError = (code: ParseErrorCode, _offset: number, _length: number, line: number, column: number) => {
    found ??= { file, line: line + 1, column: column + 1, message: `not JSON: ${syntaxWords(code)}` };
  };
  visit(text, { onError }, STRICT);
  return found ?? { file, message: `not JSON: ${refusal instanceof Error ? refusal.message : refusal}` };
}
