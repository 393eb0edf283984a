import type { LoadedBackbone } from '../backbones/load.js';
import {
  canQuantise,
  fromHost,
  type Precision,
  quantise,
  type Tensor,
  toPrecision,
} from '../engine/index.js';

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

/** A parameter on the device, and what else is there because of it. */
interface Stored {
  readonly tensor: Tensor;
  readonly scales?: Tensor;
}

/** Only matrices are worth halving; biases and norms stay f32. Int8 is for what linear layers multiply with. */
function onDevice({ weights, shape }: LoadedBackbone, name: string, precision: Precision): Stored {
  const host = weights.get(name);
  if (!host) throw new Error(`the backbone has no weights for '${name}'`);
  if (precision === 'int8' && canQuantise() && shape.sites.some(({ weight }) => weight === name)) {
    const { weight: tensor, scales } = quantise(host);
    return { tensor, scales };
  }
  const tensor = fromHost(host);
  const stored = host.shape.length === 2 ? toPrecision(tensor, precision) : tensor;
  if (stored !== tensor) tensor.dispose();
  return { tensor: stored };
}

/** An empty store; nothing is loaded yet. */
export function createFrozenStore(backbone: LoadedBackbone, precision: Precision): FrozenStore {
  const tensors = new Map<string, Stored>();
  let users = 0;
  return {
    precision,
    get: (name) => {
      const stored = tensors.get(name) ?? onDevice(backbone, name, precision);
      tensors.set(name, stored);
      return stored.tensor;
    },
    retain: () => {
      users += 1;
    },
    release: () => {
      users -= 1;
      if (users > 0) return;
      for (const { tensor, scales } of tensors.values()) {
        tensor.dispose();
        scales?.dispose();
      }
      tensors.clear();
    },
  };
}
