import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../base/errors.js';
import { fileStatus } from '../../../system/fileStatus.js';
import type { FeatureStore } from './featureStore.js';
import { openLmdbStore } from './lmdbStore.js';
import { openNpzFolderStore } from './npzFolderStore.js';
import { openSafetensorsStore } from './safetensorsStore.js';

/** Opens the features at `path` by what lies there; throws UsageError where it is none of the known forms. */
export async function openFeatureStore(path: string): Promise<FeatureStore> {
  const status = fileStatus(path);
  if (!status) throw new UsageError({ file: path, message: 'no such file or folder of features' });
  if (!status.isDirectory()) {
    return path.endsWith('.safetensors') ? openSafetensorsStore(path) : openLmdbStore(path);
  }
  return existsSync(join(path, 'data.mdb')) ? openLmdbStore(path) : openNpzFolderStore(path);
}
