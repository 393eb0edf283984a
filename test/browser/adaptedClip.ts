import { bottleneck } from '../../adapters/bottleneck.js';
import type { BackboneOutput } from '../../src/backbones/backbone.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { initialize } from '../../src/backbones/initialize.js';
import type { HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import {
  compile,
  engineInfo,
  fromHost,
  noDropout,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
} from '../../src/engine/index.js';
import { type AdapterEntry, planAdapters, runBackbone } from '../../src/model/attach.js';
import { lookUpIn, normal } from '../../src/nn/parameters.js';

/** A tensor as JSON, which goes from one realm to another. */
interface JsonTensor {
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type JsonTensors = Readonly<Record<string, JsonTensor>>;

/** A CLIP, a bottleneck adapter for it, its options complete, and texts and pictures. */
export interface Given {
  readonly config: Readonly<Record<string, Json>>;
  readonly weights: JsonTensors;
  readonly adapter: AdapterEntry;
  readonly batch: JsonTensors;
}

/** The vectors of texts and pictures, without the adapter and with it. */
export interface Computed {
  /** As tfjs calls it. */
  readonly backend: string;
  readonly values: Readonly<Record<Output, readonly number[]>>;
}
type Output = 'plainText' | 'plainPicture' | 'text' | 'picture';

/** An adapter begins as if it were not there: these weights change what comes out. */
const CHANGING = normal(0.2);
const SEED = 7;

const onHost = ({ dtype, shape, data }: JsonTensor): HostTensor =>
  dtype === 'int32'
    ? { dtype, shape, data: Int32Array.from(data) }
    : { dtype, shape, data: Float32Array.from(data) };

const onDevice = (tensors: Iterable<readonly [string, HostTensor]>) =>
  new Map([...tensors].map(([name, tensor]) => [name, fromHost(tensor)]));

const jsonOnDevice = (tensors: JsonTensors) =>
  onDevice(Object.entries(tensors).map(([name, tensor]) => [name, onHost(tensor)] as const));

const toJson = async (tensors: Readonly<Record<Output, Tensor>>): Promise<Computed['values']> => {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [name, [...(await tensor.data())]]);
  return Object.fromEntries(await Promise.all(entries));
};

/** The forward pass of a CLIP with those adapters. */
function openClip({ config, weights, adapter }: Given) {
  const { shape: backbone, forward } = dualEncoder.open(config);
  const attached = planAdapters(backbone, [adapter], [bottleneck]);
  const specs = attached.flatMap(({ plan }) =>
    plan.parameters.map((spec) => ({ ...spec, initializer: CHANGING })),
  );
  const backboneParameters = lookUpIn(jsonOnDevice(weights), 'backbone');
  const adapterParameters = lookUpIn(onDevice(initialize(specs, SEED)), 'adapter');
  const run = { forward, backbone, backboneParameters, adapterParameters: () => adapterParameters };
  return (batch: TensorTree, adapters = attached) =>
    runBackbone({ ...run, attached: adapters, batch, dropout: noDropout }) as Required<BackboneOutput>;
}

/**
 * The forward pass of a CLIP without and with a bottleneck adapter of random weights, compiled where the backend can.
 * @param backend of tfjs; default: the one that the engine starts
 */
export async function adaptedClip(given: Given, backend?: string): Promise<Computed> {
  if (backend !== undefined) await tf.setBackend(backend);
  await startEngine();
  const clip = openClip(given);
  const forward = compile((batch: TensorTree) => {
    const [plain, adapted] = [clip(batch, []), clip(batch)];
    return {
      plainText: plain.text.pooled,
      plainPicture: plain.picture.pooled,
      text: adapted.text.pooled,
      picture: adapted.picture.pooled,
    };
  });
  const outputs = await forward.run(Object.fromEntries(jsonOnDevice(given.batch)));
  return { backend: engineInfo().backend, values: await toJson(outputs) };
}
