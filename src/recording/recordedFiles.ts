import { join } from 'node:path';

/** What a run keeps for its report, in a folder of the run's. */
export interface RecordedFiles {
  /** Examples with pictures and predictions. */
  readonly gallery: string;
  /** What is in the splits. */
  readonly data: string;
  /** Parameters of each part of the model. */
  readonly modules: string;
  /** What every example adds to the metrics of its split. */
  readonly outcomes: { readonly validation: string; readonly test: string };
}

/** The names of everything in such a folder. */
export const recordedFiles = (folder: string): RecordedFiles => ({
  gallery: join(folder, 'gallery.json'),
  data: join(folder, 'data.json'),
  modules: join(folder, 'modules.json'),
  outcomes: {
    validation: join(folder, 'outcomes_validation.json'),
    test: join(folder, 'outcomes_test.json'),
  },
});
