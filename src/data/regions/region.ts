import type { Json, JsonSchema } from '../../base/json.js';
import type { FolderListing } from '../folderListing.js';
import type { Picture } from '../sequence.js';

/** Width of a box in geometry: x1, y1, x2, y2, width, height, area, all relative to the picture (UNITER, section 3.1). */
export const GEOMETRY_WIDTH = 7;

/** The regions of one picture. */
export interface Regions {
  readonly count: number;
  /** [count, 7]. */
  readonly boxes: Float32Array;
  /** [count], which of the picture's boxes each is; -1 for the whole picture or a cell of a grid. */
  readonly indices: Int32Array;
  /** [count], the class of what a region shows, -100 for none; absent where the dataset does not say. */
  readonly labels?: Int32Array;
  /** Writes the features [count, width] into `target` from `offset` on. */
  writeFeatures(target: Float32Array, offset: number): void;
}

/** Where a picture's regions come from. */
export interface RegionSource {
  /** Width of one region's feature. */
  readonly width: number;
  /** Throws UsageError that names the picture when it can't be read. */
  read(picture: Picture): Promise<Regions>;
  /** A picture that is known by its id alone, with the pixel boxes and the size that are stored; absent: none are. */
  stored?(picture: Picture): Promise<Picture>;
  /** The files that it reads for a picture; when one of them changes, so may the picture's regions. */
  filesOf(picture: Picture): readonly string[];
  /** `kind` and options, from which `createRegionSource` makes the same source again. */
  readonly description: Json;
  close(): Promise<void>;
}

/** One kind of region source: one file and one line in `regions/index.ts`. */
export interface RegionKind<Options> {
  readonly kind: string;
  /** One line: what it is good for. */
  readonly description: string;
  /** Schema of the options besides `kind`. */
  readonly schema: JsonSchema;
  /**
   * Options that may suit a backbone and a folder of data, the best first; paths are relative to the folder.
   * @param width of a region's feature, as the backbone reads it
   */
  propose(width: number, folder: FolderListing): readonly Partial<Options>[];
  /** Width of a feature with these options, which may still be wrong; absent, or undefined: they do not say. */
  width?(options: object): number | undefined;
  /** Options that give features of a width; undefined: none do. */
  widthHint?(width: number): string | undefined;
  /** Options left out take the schema's defaults. */
  create(options: Partial<Options>): Promise<RegionSource>;
}

/** Types a region kind's literal. */
export const defineRegions = <Options>(kind: RegionKind<Options>): RegionKind<Options> => kind;
