import type { Model } from '../model/model.js';
import type { Prepared } from '../prepare/prepare.js';
import type { RunSettings } from '../training/settings.js';

/** A run whose frozen values may be stored; its model is on the device. */
export interface StoreParts {
  readonly settings: RunSettings;
  readonly prepared: Prepared;
  readonly model: Model;
}
