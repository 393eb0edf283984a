import { tiffProblem } from './tiffHeader.js';

/** Kinds of picture files that are read. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'bmp' | 'pnm';

/** What a file is by its first bytes: a format that is read, or a name to refuse it by. */
type Recognised = { readonly format: PictureFormat } | { readonly refused: string };

const text = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', from, to);

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: signatures are bytes of any value
/** Signatures at the start of files; the first that fits counts. */
const SIGNATURES: readonly (readonly [RegExp, Recognised])[] = [
  [/^\xff\xd8\xff/, { format: 'jpeg' }],
  [/^\x89PNG\r\n\x1a\n/, { format: 'png' }],
  [/^RIFF[\s\S]{4}WEBP/, { format: 'webp' }],
  [/^GIF8[79]a/, { format: 'gif' }],
  [/^(II[*+]\0|MM\0[*+])/, { format: 'tiff' }],
  [/^[\s\S]{4}ftyp(hei|hev|heim|heis|mif1|msf1)/, { refused: 'a HEIC picture' }],
  [/^BM/, { format: 'bmp' }],
  [/^P[1-6][\s#]/, { format: 'pnm' }],
  [/^P7\n/, { refused: 'a PAM picture' }],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, { refused: 'a JPEG 2000 picture' }],
  [/^(\0\0\0\x0cJXL |\xff\x0a)/, { refused: 'a JPEG XL picture' }],
  [/^\0\0[\x01\x02]\0[^\0]\0/, { refused: 'an icon or a cursor' }],
  [/^%PDF/, { refused: 'a PDF document' }],
  [/^8BPS/, { refused: 'a Photoshop document' }],
  [/^\x1f\x8b/, { refused: 'a compressed file' }],
  [/^(\xef\xbb\xbf)?\s*<[\s\S]*<svg[\s>]|^(\xef\xbb\xbf)?\s*<svg[\s>]/i, { refused: 'an SVG drawing' }],
  [/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i, { refused: 'an HTML page' }],
];
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

/** Bytes of a file that signatures are looked for in. */
const LOOKED_AT = 1024;

/** By its main brand, or by one of the others where that is a general one. */
const isAvif = (start: string): boolean =>
  /^[\s\S]{4}ftyp(avi[fs]|(mif1|msf1)[\s\S]{4}([\s\S]{4})*?avi[fs])/.test(start.slice(0, 64));

/** Names the format by content, whatever the file is called; `refused` also where a TIFF is of a kind that is not read. */
export function recognise(bytes: Uint8Array): Recognised {
  const start = text(bytes, 0, LOOKED_AT);
  const isTurned = /irot|imir/.test(start);
  if (isAvif(start))
    return isTurned ? { refused: 'an AVIF picture that its header turns' } : { format: 'avif' };
  const [, found] = SIGNATURES.find(([signature]) => signature.test(start)) ?? [];
  if (!found) return { refused: '' };
  const problem = 'format' in found && found.format === 'tiff' ? tiffProblem(bytes) : undefined;
  return problem ? { refused: problem } : found;
}
