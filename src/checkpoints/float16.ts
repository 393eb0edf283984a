/** The float32 bits of an IEEE half (float16) bit pattern. */
function widenHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // a subnormal half is a normal float: move its first 1 into place
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** `bits >>> shift`, rounded to nearest, ties to even. */
function roundShift(bits: number, shift: number): number {
  const kept = bits >>> shift;
  const rest = bits & (2 ** shift - 1);
  const tie = 2 ** (shift - 1);
  return rest > tie || (rest === tie && kept & 1) ? kept + 1 : kept;
}

function narrowToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 | (fraction >>> 13) : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) return sign | roundShift((exponent << 23) | fraction, 13); // a carry runs into the exponent
  return exponent < -10 ? sign : sign | roundShift(fraction | 0x800000, 14 - exponent);
}

function narrowToBrain(bits: number): number {
  const notANumber = (bits & 0x7fffffff) > 0x7f800000;
  return notANumber ? (bits >>> 16) | 0x40 : roundShift(bits, 16) & 0xffff;
}

const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Loops, because `from` with a mapping function takes several times as long, which counts for a model in bfloat16. */
function widen(halves: Uint16Array, bitsOfHalf: (half: number) => number): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = bitsOfHalf(halves[i]!);
  return new Float32Array(bits.buffer);
}

function narrow(values: Float32Array, halfOfBits: (bits: number) => number): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) halves[i] = halfOfBits(bits[i]!);
  return halves;
}

/** float32 values of float16 bit patterns. */
export const fromFloat16 = (halves: Uint16Array): Float32Array => widen(halves, widenHalf);

/** float32 values of bfloat16 bit patterns. */
export const fromBfloat16 = (halves: Uint16Array): Float32Array => widen(halves, (half) => half << 16);

/** float16 bit patterns, rounded to nearest, ties to even; too large becomes infinite. */
export const toFloat16 = (values: Float32Array): Uint16Array<ArrayBuffer> => narrow(values, narrowToHalf);

/** bfloat16 bit patterns, rounded to nearest, ties to even. */
export const toBfloat16 = (values: Float32Array): Uint16Array<ArrayBuffer> => narrow(values, narrowToBrain);
