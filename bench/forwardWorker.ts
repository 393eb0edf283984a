// How much of the machine's own rate of matrix products the frozen forward pass reaches: node forwardWorker.js MODEL
// f32|bf16 BATCH LENGTH -> one JSON line.

import { loadBackbone } from '../src/backbones/load.js';
import { fusedOutput } from '../src/backbones/streams.js';
import { int32 } from '../src/base/hostTensor.js';
import {
  compile,
  fromHost,
  linear,
  type Precision,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
  toPrecision,
} from '../src/engine/index.js';
import { shippedModules } from '../src/modules/shippedModules.js';
import { median } from './measure.js';

const [model = '', precision = 'f32'] = process.argv.slice(2, 4) as [string, Precision];
const [batch = 16, length = 140] = process.argv.slice(4, 6).map(Number);
const RUNS = 9;

await startEngine();

async function medianSeconds(run: () => Promise<TensorTree>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < RUNS + 2; i++) {
    const start = performance.now();
    tf.dispose(await run());
    if (i >= 2) times.push((performance.now() - start) / 1000);
  }
  return median(times);
}

const { forward: pass, shape, weights } = loadBackbone(model, shippedModules.backbones);
const stream = shape.streams[0] as (typeof shape.streams)[0];
const { hiddenSize: width, layers, intermediateSize } = stream;

/** Operations a second of one product of the shape that the feed-forward part has. */
async function productRate(): Promise<number> {
  const rows = batch * length;
  const x = toPrecision(tf.randomNormal([rows, width]), precision);
  const weight = toPrecision(tf.randomNormal([intermediateSize, width]), precision);
  const product = compile(({ a }: TensorTree) => ({ y: linear(a as Tensor, weight) }), { name: 'product' });
  const seconds = await medianSeconds(() => product.run({ a: x }));
  return (2 * rows * width * intermediateSize) / seconds;
}

const parameters = new Map<string, Tensor>(
  [...weights].map(([name, host]) => {
    const tensor = fromHost(host);
    const kept = toPrecision(tensor, precision);
    tensor.dispose();
    return [name, kept];
  }),
);
const forward = compile(
  (inputs: TensorTree) => {
    const lookup = (name: string) => parameters.get(name) as Tensor;
    return { hidden: fusedOutput(pass(lookup, inputs)).hidden };
  },
  { name: 'forward' },
);
const ids = Int32Array.from({ length: batch * length }, (_, index) => 6 + (index % 900));
const inputs = {
  inputIds: fromHost(int32([batch, length], ids)),
  tokenTypeIds: fromHost(int32([batch, length])),
  attentionMask: tf.ones([batch, length]),
};
const before = await productRate();
const seconds = await medianSeconds(() => forward.run(inputs));
const rate = Math.max(before, await productRate());
const tokens = batch * length;
const products = 2 * tokens * layers * (4 * width * width + 2 * width * intermediateSize);
const attention = 4 * tokens * length * width * layers;
const reached = (products + attention) / seconds;
console.log(JSON.stringify({ seconds, productRate: rate, forwardRate: reached, share: reached / rate }));
