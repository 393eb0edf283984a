/** The words of a command as a shell reads them again. */
export const quote = (words: readonly string[]): string =>
  words.map((word) => (/^[\w./=:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
