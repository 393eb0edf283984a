import { linear, type Tensor, tf } from '../../engine/index.js';
import type { Scope } from '../../nn/index.js';
import { normal, type ParameterSpec, zeros } from '../../nn/parameters.js';

/** Sizes of square pictures that are cut into patches, by the names of Hugging Face. */
export interface PatchSizes {
  readonly hidden_size: number;
  readonly image_size: number;
  readonly patch_size: number;
  readonly initializer_range: number;
}

/** Rows, and columns, of the grid of whole patches. */
export const gridSide = ({ image_size: size, patch_size: patch }: PatchSizes): number =>
  Math.floor(size / patch);

/** Whole patches of a picture. */
export const patchCount = (sizes: PatchSizes): number => gridSide(sizes) ** 2;

/** `name.weight` [width, 3, p, p] and perhaps `name.bias` of the projection of patches. */
export const patchParameters = (
  name: string,
  { hidden_size: width, patch_size: patch, initializer_range: range }: PatchSizes,
  bias: boolean,
): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width, 3, patch, patch], initializer: normal(range) },
  ...(bias ? [{ name: `${name}.bias`, shape: [width], initializer: zeros }] : []),
];

/**
 * A convolution whose stride is its width (Dosovitskiy et al. 2021, eq. 1), as the product that it is.
 * @param patches [B, N, 3 p p]
 * @returns [B, N, width]
 */
export function projectPatches({ parameters }: Scope, name: string, patches: Tensor, bias: boolean): Tensor {
  const weight = parameters(`${name}.weight`);
  const kernel = tf.reshape(weight, [weight.shape[0] as number, patches.shape[2] as number]);
  return linear(patches, kernel, bias ? parameters(`${name}.bias`) : undefined);
}
