import type { HostTensor } from '../../../base/hostTensor.js';

/** What is stored for one picture; shapes are checked by the reader of the entry. */
export interface FeatureEntry {
  /** [n, width]. */
  readonly features: HostTensor;
  /** [n, 4]. */
  readonly boxes: HostTensor;
  /** [2]: width and height of the picture, pixels. */
  readonly size?: HostTensor;
}

/** Precomputed features by picture id. */
export interface FeatureStore {
  /** Width of one region's feature, from the first entry. */
  readonly width: number;
  /** Throws UsageError that names the id where it is not stored. */
  read(id: string): Promise<FeatureEntry>;
  /** The file that it is read from. */
  fileOf(id: string): string;
  close(): Promise<void>;
}
