import type { StreamShape } from '../backbones/backbone.js';
import type { HostBatch } from '../base/hostTensor.js';
import {
  type Compiled,
  compile,
  fromHost,
  isPacked,
  readPacked,
  readTensor,
  type Tensor,
  type TensorTree,
  toPrecision,
} from '../engine/index.js';
import type { Model } from '../model/model.js';
import type { Attention } from '../model/storedInputs.js';
import type { DeviceValues, StoredValue } from './valueStore.js';

/** Computes values of the frozen backbone, without a tape. */
export interface ValueComputer {
  /** Each value of a batch, padded, by its name. */
  run(batch: HostBatch): Promise<ReadonlyMap<string, DeviceValues>>;
  dispose(): void;
}

const readValues = async (tensor: Tensor): Promise<DeviceValues> =>
  isPacked(tensor) ? readPacked(tensor) : ((await readTensor(tensor)).data as Float32Array);

/** Compiles the passes of one stream with one attention. */
export function createValueComputer(
  model: Model,
  { inputs }: Pick<StreamShape, 'inputs'>,
  attention: Attention,
  values: readonly StoredValue[],
): ValueComputer {
  const names = values.map(({ name }) => name);
  const compiled: Compiled<TensorTree, TensorTree> = compile(
    (batch) => {
      const made = model.frozen({ batch, attention }, names);
      return Object.fromEntries(
        values.map(({ name, storage, precision }) => {
          const tensor = made[name] as Tensor;
          return [name, precision === storage ? tensor : toPrecision(tensor, storage)];
        }),
      );
    },
    { name: 'frozen values' },
  );
  return {
    run: async (batch) => {
      const read = inputs.flatMap((name) => (batch[name] ? [[name, fromHost(batch[name])] as const] : []));
      try {
        const outputs = await compiled.run(Object.fromEntries(read));
        const found = new Map<string, DeviceValues>();
        for (const [name, tensor] of Object.entries(outputs)) {
          found.set(name, await readValues(tensor));
          tensor.dispose();
        }
        return found;
      } finally {
        for (const [, tensor] of read) tensor.dispose();
      }
    },
    dispose: () => compiled.dispose(),
  };
}
