import { UsageError } from '../../../base/errors.js';
import { openSafetensors } from '../../../checkpoints/safetensors.js';
import type { FeatureStore } from './featureStore.js';

/** One safetensors file with `<id>.features`, `<id>.boxes` and perhaps `<id>.size`; tensors are read when asked for. */
export function openSafetensorsStore(path: string): FeatureStore {
  const file = openSafetensors(path);
  const first = [...file.tensors].find(([name]) => name.endsWith('.features'));
  if (!first) {
    file.close();
    throw new UsageError({ file: path, message: 'no tensor is called <id>.features' });
  }
  return {
    width: first[1].shape.at(-1) ?? 0,
    read: async (id) => {
      if (!file.tensors.has(`${id}.features`)) {
        throw new UsageError({
          file: path,
          where: `picture ${id}`,
          message: 'no features are stored for it',
        });
      }
      const size = file.tensors.has(`${id}.size`) && { size: file.read(`${id}.size`) };
      return { features: file.read(`${id}.features`), boxes: file.read(`${id}.boxes`), ...size };
    },
    fileOf: () => path,
    close: async () => file.close(),
  };
}
