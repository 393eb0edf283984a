// One engine, one precision, one process: node stepWorker.js BATCH LENGTH LAYERS f32|bf16 tensorflow|wasm STEPS
import { planAdapters } from '../adapters/attach.js';
import { createBackbone } from '../src/backbones/load.js';
import { jointOutput } from '../src/backbones/streams.js';
import { float32 } from '../src/data/hostTensor.js';
import { compile, fromHost, type Precision, startEngine, type TensorTree, tf } from '../src/engine/index.js';
import { createRandom } from '../src/random.js';
import { createModel } from '../src/training/model.js';
import { createStep } from '../src/training/step.js';
import { defineTask } from '../tasks/task.js';

const [batch = 16, length = 140, layers = 12] = process.argv.slice(2, 5).map(Number);
const precision = (process.argv[5] ?? 'f32') as Precision;
const backend = (process.argv[6] ?? 'tensorflow') as 'tensorflow' | 'wasm';
const steps = Number(process.argv[7] ?? 3);
const HIDDEN = 768;
const WIDTH = 48;

const config = {
  model_type: 'bert',
  hidden_size: HIDDEN,
  num_hidden_layers: layers,
  num_attention_heads: 12,
  intermediate_size: 3072,
  vocab_size: 1000,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-12,
  add_pooling_layer: false,
};

/** Mean square of the last hidden states: the loss of the peer. */
const meanSquare = defineTask({
  kind: 'mean-square',
  description: 'Mean square of the last hidden states.',
  schema: {},
  dataSchema: {},
  metric: { name: 'loss', higherIsBetter: false },
  read: async () => [],
  fit: () => null,
  pictures: () => [],
  length: () => length,
  head: () => [],
  collate: async () => ({}),
  outputs: ({ encode }) => ({ hidden: jointOutput(encode()).hidden }),
  loss: ({ hidden }) => ({ total: tf.mean(tf.square(hidden as never)) }),
  predictionOutputs: [],
  predict: () => [],
  evaluate: () => ({ values: {} }),
});

async function medianSeconds(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < steps + 2; i++) {
    const start = performance.now();
    await run();
    if (i >= 2) times.push((performance.now() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

await startEngine({ backend });
const backbone = createBackbone(config, 1);
const attached = planAdapters(backbone.shape, [
  {
    kind: 'bottleneck',
    layers: 'all',
    sites: ['attention', 'ffn'],
    reductionFactor: HIDDEN / WIDTH,
    width: 'auto',
    activation: 'gelu',
    dropout: 0,
    trainLayerNorm: false,
  },
]);
const model = createModel({
  backbone,
  attached,
  task: { task: meanSquare as never, options: {}, state: null },
  precision,
  seed: 1,
});
const step = createStep(model, {
  optimizer: {
    kind: 'adamw',
    learningRate: 1e-4,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
  },
  headLearningRateScale: 1,
  accumulate: 1,
});
const { normal } = createRandom('inputs');
const inputs = float32(
  [batch, length, HIDDEN],
  Float32Array.from({ length: batch * length * HIDDEN }, normal),
);
const host = { inputEmbeddings: inputs };

let count = 0;
const train = await medianSeconds(() => {
  count++;
  return step.run({ batch: host, seed: [1, count], weight: 1, update: { learningRate: 1e-4, step: count } });
});
const peakMemory = process.resourceUsage().maxRSS * 1024;
const forward = compile((tensors: TensorTree) => model.forward(tensors), { name: 'forward' });
const device = { inputEmbeddings: fromHost(inputs) };
const forwardSeconds = await medianSeconds(async () => tf.dispose(await forward.run(device)));
console.log(JSON.stringify({ train, peakMemory, forward: forwardSeconds }));
