import { type PlainPicture, threefold } from './plainPicture.js';

const SPACE = /^[\t\n\v\f\r ]$/;

/** Words of the header and of plain files; comments go from # to the end of their line. */
function createReader(bytes: Uint8Array) {
  let at = 2;
  const character = () => {
    if (at >= bytes.length) throw new RangeError('it ends too early');
    return String.fromCharCode(bytes[at++]!);
  };
  const skipComment = () => {
    while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
  };
  /** The next character that is no space and not in a comment. */
  const next = (): string => {
    for (;;) {
      const one = character();
      if (one === '#') skipComment();
      else if (!SPACE.test(one)) return one;
    }
  };
  /** A whole number and the one space that ends it. */
  const number = (): number => {
    let word = next();
    while (at < bytes.length) {
      const one = character();
      if (SPACE.test(one)) break;
      if (one === '#') skipComment();
      else word += one;
    }
    if (!/^\d{1,10}$/.test(word))
      throw new RangeError(`${JSON.stringify(word.slice(0, 12))} is not a number`);
    return Number(word);
  };
  /** Throws where fewer bytes are left: before memory is taken for what they hold. */
  const require = (count: number) => {
    if (bytes.length - at < count) throw new RangeError('it ends too early');
  };
  return { next, number, require, rest: () => bytes.subarray(at) };
}

type Reader = ReturnType<typeof createReader>;

/** Python's `round`: half to even. */
const roundEven = (value: number) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** Pillow clips grey of more than 8 bits, and scales colours. */
function toLevel(value: number, most: number, channels: number): number {
  if (most > 255 && channels === 1) return Math.min(roundEven((value / most) * 65535), 255);
  return Math.min(roundEven((value / most) * 255), 255);
}

const binary = ({ require, rest }: Reader, count: number, wide: boolean) => {
  require(count * (wide ? 2 : 1));
  const bytes = rest();
  return (n: number) => (wide ? bytes[2 * n]! * 256 + bytes[2 * n + 1]! : bytes[n]!);
};

/** Values of P2, P3, P5 and P6 as 8-bit levels, [count]. */
function levelsOf(reader: Reader, kind: number, count: number, most: number): Uint8Array {
  const channels = kind % 3 === 0 ? 3 : 1;
  if (kind <= 3) reader.require(2 * count - 1); // a digit each and what parts them
  const value = kind > 3 ? binary(reader, count, most > 255) : () => reader.number();
  return Uint8Array.from({ length: count }, (_, n) => {
    const found = value(n);
    if (kind < 4 && found > most) throw new RangeError(`${found} is above its largest value, ${most}`);
    return toLevel(found, most, channels);
  });
}

/** Black is 1, rows of P4 begin at a byte; as levels [height * width]. */
function bitmap(reader: Reader, kind: number, width: number, height: number): Uint8Array {
  const stride = Math.ceil(width / 8);
  if (kind === 1) reader.require(width * height);
  const byte = kind === 4 ? binary(reader, stride * height, false) : () => 0;
  const isBlack = (n: number) => {
    if (kind === 1) {
      const one = reader.next();
      if (one !== '0' && one !== '1') throw new RangeError(`${JSON.stringify(one)} is neither 0 nor 1`);
      return one === '1';
    }
    const x = n % width;
    return ((byte(Math.floor(n / width) * stride + (x >> 3)) >> (7 - (x & 7))) & 1) === 1;
  };
  return Uint8Array.from({ length: width * height }, (_, n) => (isBlack(n) ? 0 : 255));
}

/** Opens a PBM, PGM or PPM file, plain or binary (Netpbm's formats 1 to 6); throws RangeError as `decode`. */
export function openPnm(bytes: Uint8Array): PlainPicture {
  const kind = bytes[1]! - 48;
  const reader = createReader(bytes);
  const [width, height] = [reader.number(), reader.number()];
  const most = kind === 1 || kind === 4 ? 1 : reader.number();
  if (width < 1 || height < 1) throw new RangeError(`it has ${width} x ${height} pixels`);
  if (most < 1 || most > 65535)
    throw new RangeError(`${most} is not a largest value: at least 1, at most 65535`);
  const decode = () => {
    if (kind === 1 || kind === 4) return threefold(bitmap(reader, kind, width, height));
    if (kind % 3 === 0) return levelsOf(reader, kind, 3 * width * height, most);
    return threefold(levelsOf(reader, kind, width * height, most));
  };
  return { width, height, decode };
}
