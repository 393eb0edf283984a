/** Bytes that stand for themselves; the others are written with the characters from U+0100 on, in order (GPT-2). */
const isShown = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

const characters: string[] = [];
let next = 0x100;
for (let byte = 0; byte < 256; byte++) characters.push(String.fromCharCode(isShown(byte) ? byte : next++));
const bytes = new Map(characters.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();

/** The bytes of a text in UTF-8, each as a character that can be seen. */
export function toByteCharacters(text: string): string {
  if (/^[!-~]*$/.test(text)) return text;
  let shown = '';
  for (const byte of encoder.encode(text)) shown += characters[byte];
  return shown;
}

/** The bytes that a token's characters stand for; those of the token itself where one stands for none. */
export function fromByteCharacters(token: string): readonly number[] {
  const found: number[] = [];
  for (const character of token) {
    const byte = bytes.get(character);
    if (byte === undefined) return [...encoder.encode(token)];
    found.push(byte);
  }
  return found;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of bytes; what is no UTF-8 becomes U+FFFD, and a byte order mark stays. */
export const textOfBytes = (values: Iterable<number>): string => decoder.decode(Uint8Array.from(values));

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The same; undefined where it is no UTF-8. */
export function strictTextOfBytes(values: readonly number[]): string | undefined {
  try {
    return strict.decode(Uint8Array.from(values));
  } catch {
    return undefined;
  }
}
