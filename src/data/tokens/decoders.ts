import { fromByteCharacters, strictTextOfBytes, textOfBytes } from './byteCharacters.js';
import { byType, countAt, flagAt, type Part, partsAt, textAt } from './fields.js';
import { replaced } from './normalizers.js';
import { patternOf } from './patterns.js';

/** Makes the parts of a text of its tokens. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/** What is written without a space before it in English, in the order of the reference. */
const tidied = (text: string): string =>
  [
    [' .', '.'],
    [' ?', '?'],
    [' !', '!'],
    [' ,', ','],
    [" ' ", "'"],
    [" n't", "n't"],
    [" 'm", "'m"],
    [' do not', " don't"],
    [" 's", "'s"],
    [" 've", "'ve"],
    [" 're", "'re"],
  ].reduce((tidy, [from, to]) => tidy.replaceAll(from!, to!), text);

function wordPiece(part: Part): Decoder {
  const [prefix, cleanup] = [textAt(part, 'prefix', '##'), flagAt(part, 'cleanup', true)];
  const joined = (token: string) => (token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`);
  return (tokens) =>
    tokens
      .map((token, at) => (at === 0 ? token : joined(token)))
      .map((word) => (cleanup ? tidied(word) : word));
}

function metaspace(part: Part): Decoder {
  const mark = textAt(part, 'replacement', '▁');
  const scheme = textAt(part, 'prepend_scheme', flagAt(part, 'add_prefix_space', true) ? 'always' : 'never');
  return (tokens) =>
    tokens.map((token, at) => {
      const spaced = token.replaceAll(mark, ' ');
      return at === 0 && scheme !== 'never' && spaced.startsWith(' ') ? spaced.slice(1) : spaced;
    });
}

/** Tokens like `<0xE2>` become the text of their bytes, U+FFFD for each where that is no UTF-8. */
function byteFallback(): Decoder {
  return (tokens) => {
    const texts: string[] = [];
    let bytes: number[] = [];
    const flush = () => {
      const text = strictTextOfBytes(bytes);
      if (bytes.length > 0) texts.push(...(text === undefined ? bytes.map(() => '\ufffd') : [text]));
      bytes = [];
    };
    for (const token of tokens) {
      const byte = /^<0x([0-9a-fA-F]{2})>$/.exec(token)?.[1];
      if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
      else {
        flush();
        texts.push(token);
      }
    }
    flush();
    return texts;
  };
}

function strip(part: Part): Decoder {
  const mark = textAt(part, 'content', ' ');
  const [start, stop] = [countAt(part, 'start', 0), countAt(part, 'stop', 0)];
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let [from, to] = [0, characters.length];
      while (from < Math.min(start, to) && characters[from] === mark) from++;
      while (to > from && characters.length - to < stop && characters[to - 1] === mark) to--;
      return characters.slice(from, to).join('');
    });
}

const makers: Readonly<Record<string, (part: Part) => Decoder>> = {
  Sequence: (part) => {
    const steps = partsAt(part, 'decoders').map(createDecoder);
    return (tokens) => steps.reduce((texts, step) => step(texts), tokens);
  },
  WordPiece: wordPiece,
  ByteLevel: () => (tokens) => [textOfBytes(tokens.flatMap(fromByteCharacters))],
  BPEDecoder: (part) => {
    const suffix = textAt(part, 'suffix', '</w>');
    return (tokens) =>
      tokens.map((token, at) => token.replaceAll(suffix, at === tokens.length - 1 ? '' : ' '));
  },
  Metaspace: metaspace,
  ByteFallback: byteFallback,
  Fuse: () => (tokens) => [tokens.join('')],
  Strip: strip,
  Replace: (part) => {
    const [matches, content] = [patternOf(part), textAt(part, 'content')];
    return (tokens) => tokens.map((token) => replaced(token, matches, content));
  },
};

/** The decoder of a tokenizer.json; without one there is a space between tokens. */
export function createDecoder(part: Part | undefined): Decoder {
  return part ? byType(part, makers) : (tokens) => [tokens.join(' ')];
}
