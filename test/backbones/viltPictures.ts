import { float32, type HostBatch, type HostTensor } from '../../src/base/hostTensor.js';
import type { ParityFolder } from '../parity/readParity.js';
import { pixelPatches } from './pixelPatches.js';

/** Rows and columns of patches that the mask [H, W] of one picture leaves. */
function gridOf(mask: ArrayLike<number>, height: number, width: number, size: number): [number, number] {
  const at = (y: number, x: number) => mask[y * width + x] === 1;
  const count = (length: number, isReal: (n: number) => boolean) =>
    Array.from({ length: Math.floor(length / size) }, (_, n) => isReal(n * size)).filter(Boolean).length;
  return [count(height, (y) => at(y, 0)), count(width, (x) => at(0, x))];
}

/**
 * Python's pixel_values [B, 3, H, W] and pixel_mask [B, H, W] as a batch of this project: the real patches row by row, the
 * first `most` of them, as the fixtures draw them.
 */
function viltPictures(pixels: HostTensor, mask: HostTensor | undefined, size: number, most = -1): HostBatch {
  const [batch, , height, width] = pixels.shape as [number, number, number, number];
  const all = pixelPatches(pixels, size);
  const [columnsOfAll, values] = [width / size, 3 * size * size];
  const chosen = Array.from({ length: batch }, (_, row) => {
    const ones = new Array<number>(height * width).fill(1);
    const own = mask?.data.subarray(row * height * width, (row + 1) * height * width) ?? ones;
    const [rows, columns] = gridOf(own, height, width, size);
    const places = Array.from({ length: rows * columns }, (_, n) => [Math.floor(n / columns), n % columns]);
    return places.slice(0, most > 0 ? most : places.length).map(([y = 0, x = 0]) => ({
      index: y * columnsOfAll + x,
      place: [rows > 1 ? y / (rows - 1) : 0, columns > 1 ? x / (columns - 1) : 0],
    }));
  });
  const longest = Math.max(...chosen.map(({ length }) => length));
  const patches = float32([batch, longest, values]);
  const places = float32([batch, longest, 2]);
  const real = float32([batch, 1 + longest]);
  for (const [row, list] of chosen.entries()) {
    real.data.fill(1, row * (1 + longest), row * (1 + longest) + 1 + list.length);
    for (const [n, { index, place }] of list.entries()) {
      const from = (row * (all.shape[1] as number) + index) * values;
      patches.data.set(all.data.subarray(from, from + values), (row * longest + n) * values);
      places.data.set(place, (row * longest + n) * 2);
    }
  }
  return { patches, patchPlaces: places, pictureMask: real };
}

/** One picture of each row of [B, pictures, ...]. */
function onePicture({ shape, data }: HostTensor, picture: number): HostTensor {
  const [batch, pictures, ...rest] = shape as [number, number, ...number[]];
  const size = data.length / (batch * pictures);
  const rows = Array.from({ length: batch }, (_, row) => (row * pictures + picture) * size);
  return float32([batch, ...rest], Float32Array.from(rows.flatMap((at) => [...data.slice(at, at + size)])));
}

/** The pictures of a fixture under the names of tensors that a call takes; `picture`: which one of several a row. */
export function picturesOf(
  { config, inputs }: Pick<ParityFolder, 'config' | 'inputs'>,
  names: Readonly<Record<string, string>>,
  picture?: number,
): HostBatch {
  const given = (name: string) => {
    const tensor = names[name] === undefined ? undefined : inputs.get(names[name]);
    return tensor && picture !== undefined ? onePicture(tensor, picture) : tensor;
  };
  const [pixels, mask, embedded] = [given('pixel_values'), given('pixel_mask'), given('image_embeds')];
  const { patch_size: size, max_image_length: most } = config as Record<string, number>;
  if (pixels) return viltPictures(pixels, mask, size as number, most);
  return embedded && mask ? { pictureEmbeddings: embedded, pictureMask: mask } : {};
}
