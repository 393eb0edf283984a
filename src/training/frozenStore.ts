import type { LoadedBackbone } from '../backbones/load.js';
import { fromHost, type Precision, type Tensor, toPrecision } from '../engine/index.js';

/** Frozen parameters of one backbone on the device: each once, for all models that stand on it. */
export interface FrozenStore {
  readonly precision: Precision;
  /** The tensor of a backbone parameter, made when it is first asked for; the store frees it. */
  get(name: string): Tensor;
  /** One more model uses it. */
  retain(): void;
  /** One model less does; the last one frees the device memory. */
  release(): void;
}

/** Only matrices are worth halving; biases and norms stay f32. */
function onDevice({ weights }: LoadedBackbone, name: string, precision: Precision): Tensor {
  const host = weights.get(name);
  if (!host) throw new Error(`the backbone has no weights for '${name}'`);
  const tensor = fromHost(host);
  const stored = host.shape.length === 2 ? toPrecision(tensor, precision) : tensor;
  if (stored !== tensor) tensor.dispose();
  return stored;
}

/** An empty store; nothing is loaded yet. */
export function createFrozenStore(backbone: LoadedBackbone, precision: Precision): FrozenStore {
  const tensors = new Map<string, Tensor>();
  let users = 0;
  return {
    precision,
    get: (name) => {
      const tensor = tensors.get(name) ?? onDevice(backbone, name, precision);
      tensors.set(name, tensor);
      return tensor;
    },
    retain: () => {
      users += 1;
    },
    release: () => {
      users -= 1;
      if (users > 0) return;
      for (const tensor of tensors.values()) tensor.dispose();
      tensors.clear();
    },
  };
}
