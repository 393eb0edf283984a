import { float32, type HostTensor } from '../../src/base/hostTensor.js';

/** Pixel values as Python has them [B, 3, H, W] as patches [B, N, 3 p p]: rows of patches first, (channel, y, x) inside. */
export function pixelPatches({ shape, data }: HostTensor, size: number): HostTensor {
  const [batch, , height, width] = shape as [number, number, number, number];
  const [rows, columns] = [height / size, width / size];
  const values = Float32Array.from({ length: data.length }, (_, at) => {
    const [x, y] = [at % size, Math.floor(at / size) % size];
    const channel = Math.floor(at / size ** 2) % 3;
    const patch = Math.floor(at / (3 * size ** 2)) % (rows * columns);
    const picture = Math.floor(at / (3 * height * width));
    const row = Math.floor(patch / columns) * size + y;
    const column = (patch % columns) * size + x;
    return data[((picture * 3 + channel) * height + row) * width + column]!;
  });
  return float32([batch, rows * columns, 3 * size ** 2], values);
}
