import type { BackboneShape, StreamShape, Weights } from '../../src/backbones/backbone.js';
import { type Problem, UsageError } from '../../src/base/errors.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import { inWords, type Json } from '../../src/base/json.js';
import type { AdapterFormat, ForeignAdapter, NativeAdapter } from '../adapter.js';
import type { PrefixOptions } from '../parts/prefixOptions.js';

/** The one tensor of a folder: [length, layers · 2 · width], of each layer first the keys, then the values. */
const TENSOR = 'prompt_embeddings';

type Config = ForeignAdapter['config'];

const fused = ({ streams }: BackboneShape): StreamShape | undefined =>
  streams.find(({ name }) => name === 'fused');

const pieces = ({ layers }: StreamShape): { readonly name: string; readonly index: number }[] =>
  Array.from({ length: layers }, (_, layer) => [
    { name: `layers.${layer}.key`, index: 2 * layer },
    { name: `layers.${layer}.value`, index: 2 * layer + 1 },
  ]).flat();

const oneSequence: Problem = {
  where: '/peft_type',
  message: 'PEFT has prefixes for one sequence, this backbone has two towers',
  expected: 'a backbone of one stream',
};

/** Keys of the config that must say what the backbone is; absent or null says nothing. */
function* configProblems(config: Config, stream: StreamShape): Generator<Problem> {
  const wanted = {
    token_dim: stream.hiddenSize,
    num_layers: stream.layers,
    num_attention_heads: stream.heads,
    num_transformer_submodules: 1,
  };
  for (const [key, expected] of Object.entries(wanted)) {
    const given = config[key] ?? expected;
    if (given === expected) continue;
    yield { where: `/${key}`, message: `it is ${JSON.stringify(given)}`, expected: `${expected}` };
  }
  const { modules_to_save: modules } = config;
  if (modules !== undefined && modules !== null && !(Array.isArray(modules) && modules.length === 0)) {
    const message = `modules besides the prefix were trained: ${JSON.stringify(modules)}`;
    yield { where: '/modules_to_save', message, expected: 'null: only the prefix can be read' };
  }
}

function* tensorProblems({ config, tensors }: ForeignAdapter, stream: StreamShape): Generator<Problem> {
  for (const name of tensors.keys()) {
    if (name !== TENSOR) yield { where: name, message: 'a prefix has no such tensor' };
  }
  const found = tensors.get(TENSOR);
  const length = config.num_virtual_tokens ?? found?.shape[0] ?? 'num_virtual_tokens';
  const expected = `float32 [${inWords(length)}, ${2 * stream.layers * stream.hiddenSize}]`;
  if (!found) {
    yield { where: TENSOR, message: 'this tensor is missing', expected };
    return;
  }
  const given = `${found.dtype} [${found.shape.join(', ')}]`;
  if (given !== expected || found.shape[0] === 0) {
    yield { where: TENSOR, message: `it is ${given}`, expected };
  }
}

/** Columns `index · width` to the next one of a tensor of rows. */
function columns({ data, shape }: HostTensor, index: number, width: number): HostTensor {
  const [rows, all] = shape as [number, number];
  const cut = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const start = row * all + index * width;
    cut.set(data.subarray(start, start + width), row * width);
  }
  return float32([rows, width], cut);
}

function read(folder: ForeignAdapter, backbone: BackboneShape): NativeAdapter<PrefixOptions> {
  const stream = fused(backbone);
  if (!stream) throw new UsageError(oneSequence);
  const problems = [...configProblems(folder.config, stream), ...tensorProblems(folder, stream)];
  if (problems.length > 0) throw new UsageError(problems);
  const all = folder.tensors.get(TENSOR) as HostTensor;
  return {
    options: {
      length: all.shape[0] as number,
      layers: 'all',
      stream: 'both',
      reparameterization: 'none',
      dropout: 0,
      shiftPositions: true,
    },
    parameters: new Map(
      pieces(stream).map(({ name, index }) => [name, columns(all, index, stream.hiddenSize)]),
    ),
  };
}

/** What PEFT does not have, or can't run. */
function* unmapped(options: PrefixOptions, backbone: BackboneShape): Generator<Problem> {
  const stream = fused(backbone);
  if (!stream) yield oneSequence;
  else if (!backbone.textAlone) {
    const message = 'PEFT gives prefixes to models that take past keys and values, as BERT does';
    yield { where: '/peft_type', message, expected: 'a backbone of model_type bert' };
  }
  const { layers, shiftPositions } = options;
  const has = (layer: number) => layers === 'all' || layers.includes(layer);
  if (stream && !Array.from({ length: stream.layers }, (_, layer) => layer).every(has)) {
    const message = 'in PEFT every layer has a prefix';
    yield { where: '/layers', message, expected: '"all"' };
  }
  if (!shiftPositions) {
    const message = 'in PEFT the positions of the text begin after the prefix';
    yield { where: '/shiftPositions', message, expected: 'true, from training on' };
  }
}

/** x Wᵀ + b for x [n, in], W [out, in]; in double precision until it is stored. */
function affine(x: HostTensor, weight: HostTensor, bias: HostTensor): HostTensor {
  const [count, inputs] = x.shape as [number, number];
  const outputs = weight.shape[0] as number;
  const y = new Float32Array(count * outputs);
  for (let at = 0; at < y.length; at++) {
    const [row, column] = [Math.floor(at / outputs) * inputs, (at % outputs) * inputs];
    let sum = bias.data[at % outputs] as number;
    for (let i = 0; i < inputs; i++) sum += (x.data[row + i] as number) * (weight.data[column + i] as number);
    y[at] = sum;
  }
  return float32([count, outputs], y);
}

/** Keys and values of each layer by their names without reparameterisation. */
function prefixes(
  { options, parameters }: NativeAdapter<PrefixOptions>,
  stream: StreamShape,
): (name: string) => HostTensor {
  const own = (name: string): HostTensor => {
    const found = parameters.get(name);
    if (!found) throw new Error(`the prefix has no parameter '${name}'`);
    return found;
  };
  if (options.reparameterization === 'none') return own;
  const hidden = affine(own('embedding'), own('hidden.weight'), own('hidden.bias'));
  const inner = float32(hidden.shape, Float32Array.from(hidden.data, Math.tanh));
  const made = pieces(stream).map(({ name }): [string, HostTensor] => [
    name,
    affine(inner, own(`${name}.weight`), own(`${name}.bias`)),
  ]);
  return (name) => new Map(made).get(name) as HostTensor;
}

function write(adapter: NativeAdapter<PrefixOptions>, backbone: BackboneShape): ForeignAdapter {
  const problems = [...unmapped(adapter.options, backbone)];
  if (problems.length > 0) throw new UsageError(problems);
  const stream = fused(backbone) as StreamShape;
  const { hiddenSize: width, layers, heads } = stream;
  const { length } = adapter.options;
  const all = new Float32Array(length * 2 * layers * width);
  const prefixAt = prefixes(adapter, stream);
  for (const { name, index } of pieces(stream)) {
    const { data } = prefixAt(name);
    for (let row = 0; row < length; row++) {
      all.set(data.subarray(row * width, (row + 1) * width), (row * 2 * layers + index) * width);
    }
  }
  const config: Record<string, Json> = {
    peft_type: 'PREFIX_TUNING',
    task_type: 'FEATURE_EXTRACTION',
    base_model_name_or_path: null,
    inference_mode: true,
    num_virtual_tokens: length,
    token_dim: width,
    num_transformer_submodules: 1,
    num_attention_heads: heads,
    num_layers: layers,
    encoder_hidden_size: width,
    prefix_projection: false,
    modules_to_save: null,
  };
  const tensors: Weights = new Map([[TENSOR, float32([length, 2 * layers * width], all)]]);
  return { config, tensors };
}

/**
 * PEFT's prefix tuning. A folder holds the prefix itself, whether it was reparameterised while it trained or not: so it is
 * read without reparameterisation, and a reparameterised one is written as what it makes. PEFT lets the positions of the
 * text begin after the prefix and, for feature extraction, ignores token types. Dropout has no place in its folders.
 */
export const prefixPeft: AdapterFormat<PrefixOptions> = {
  library: 'peft',
  accepts: ({ peft_type: type }) => type === 'PREFIX_TUNING',
  read,
  write,
};
