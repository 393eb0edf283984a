/** A picture in a format so plain that it is decoded here; sizes are known before memory is taken. */
export interface PlainPicture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]; throws RangeError where the file ends too early or holds what it must not. */
  decode(): Uint8Array;
}

/** Three equal channels of one. */
export const threefold = (levels: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: 3 * levels.length }, (_, n) => levels[Math.floor(n / 3)]!);
