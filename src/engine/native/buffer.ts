import type { Native, Pointer } from './library.js';

/** The bytes of a TF_Buffer (data, length, deallocator), copied. */
export function readBuffer(native: Native, buffer: Pointer): Uint8Array {
  const header = new DataView(native.read(buffer, 16).buffer);
  const data = header.getBigUint64(0, true);
  return native.read(data, Number(header.getBigUint64(8, true)));
}
