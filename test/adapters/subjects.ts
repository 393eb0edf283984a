import { Ajv, type ValidateFunction } from 'ajv';
import type { Adapter } from '../../adapters/adapter.js';
import type {
  BackboneFamily,
  BackboneOutput,
  BackboneShape,
  FusedOutput,
  OpenBackbone,
  Weights,
} from '../../src/backbones/backbone.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { initialize } from '../../src/backbones/initialize.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { createRandom } from '../../src/base/random.js';
import { type Dropout, fromHost, type Tensor, type TensorTree } from '../../src/engine/index.js';
import { type AttachedAdapter, runBackbone } from '../../src/model/attach.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { pixelPatches } from '../backbones/pixelPatches.js';
import { picturesOf } from '../backbones/viltPictures.js';
import { type ParityFolder, readCase } from '../parity/readParity.js';
import { planAdapters } from '../shipped.js';

/** A tiny backbone with random weights and a batch with padding, to try adapters on. */
export interface Subject {
  readonly name: string;
  readonly family: BackboneFamily;
  readonly config: Readonly<Record<string, Json>>;
  readonly shape: BackboneShape;
  readonly forward: OpenBackbone['forward'];
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly hostWeights: Weights;
  readonly batch: TensorTree;
}

/** Backbone input -> tensor of the fixture. */
const batchNames: Readonly<Record<string, string>> = {
  inputIds: 'input_ids',
  attentionMask: 'attention_mask',
  tokenTypeIds: 'token_type_ids',
  regionFeatures: 'visual_embeds',
  regionMask: 'visual_attention_mask',
  regionTypeIds: 'visual_token_type_ids',
};

/** Fixtures of test/parity for each family: a new family needs one. */
export const subjectNames: Readonly<Record<string, readonly string[]>> = {
  singleStream: ['BertModel', 'VisualBertModel'],
  patchStream: ['ViltModel'],
  dualEncoder: ['CLIPModel'],
  siglip: ['SiglipModel'],
};

/** The patches of a fixture's pixels. */
function patchesOf(fixture: ParityFolder): TensorTree {
  const { config, inputs } = fixture;
  if (config.model_type === 'vilt') {
    const pictures = picturesOf(fixture, fixture.case.calls![0]!.args);
    return Object.fromEntries(Object.entries(pictures).map(([key, host]) => [key, fromHost(host)]));
  }
  const pixels = inputs.get('pixel_values');
  const size = (config.vision_config as { patch_size: number } | undefined)?.patch_size;
  return pixels && size ? { patches: fromHost(pixelPatches(pixels, size)) } : {};
}

/** Loads a subject onto the device; the engine must have been started. */
export function loadSubject(name: string): Subject {
  const fixture = readCase(name);
  const config = fixture.config as Record<string, Json>;
  const family = backboneFamilies.find(({ modelTypes }) => modelTypes.includes(config.model_type as string))!;
  const { shape, forward, adopt } = family.open(config);
  const weights = adopt(fixture.tensors);
  const inputs = Object.entries(batchNames).filter(([, stored]) => fixture.inputs.has(stored));
  return {
    name,
    family,
    config,
    shape,
    forward,
    hostWeights: weights,
    weights: new Map([...weights].map(([key, tensor]) => [key, fromHost(tensor)])),
    batch: {
      ...Object.fromEntries(inputs.map(([key, stored]) => [key, fromHost(fixture.inputs.get(stored)!)])),
      ...patchesOf(fixture),
    },
  };
}

const validators = new Map<object, ValidateFunction>();

/** Compiled once for each schema. */
function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const compiled = new Ajv({ strict: true, useDefaults: true, allErrors: true, discriminator: true })
    .addFormat('path', true)
    .compile(schema);
  validators.set(schema, compiled);
  return compiled;
}

/** The options with the defaults of the adapter's schema filled in; throws where ajv refuses schema or options. */
export function completeOptions(
  adapter: Adapter<unknown>,
  options: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const filled = structuredClone(options) as Record<string, Json>;
  const validate = validatorOf(adapter.schema as object);
  if (!validate(filled)) throw new Error(new Ajv().errorsText(validate.errors));
  return filled;
}

/** One adapter planned for a subject. */
export const attach = (
  subject: Subject,
  adapter: Adapter<unknown>,
  options: Readonly<Record<string, Json>> = {},
): readonly AttachedAdapter[] =>
  planAdapters(subject.shape, [{ kind: adapter.kind, ...completeOptions(adapter, options) }]);

export type AdapterTensors = ReadonlyMap<string, ReadonlyMap<string, HostTensor>>;

/** The same values with noise of that deviation. */
function disturbed(name: string, { shape, data }: HostTensor, noise: number): HostTensor {
  const random = createRandom('noise', name);
  return float32(
    shape,
    Float32Array.from(data, (value) => value + noise * random.normal()),
  );
}

/** Starting values of every adapter; `noise` moves parameters that start at zero away from it. */
export const initialise = (
  { hostWeights }: Pick<Subject, 'hostWeights'>,
  attached: readonly AttachedAdapter[],
  noise = 0,
): AdapterTensors =>
  new Map(
    attached.map(({ name, plan }) => {
      const start = initialize(plan.parameters, 1, (parameter) => hostWeights.get(parameter));
      return [
        name,
        new Map([...start].map(([key, host]) => [key, disturbed(`${name}.${key}`, host, noise)])),
      ];
    }),
  );

export interface RunChanges {
  readonly attached?: readonly AttachedAdapter[];
  /** Adapter name -> parameter name -> tensor. */
  readonly adapters?: ReadonlyMap<string, ReadonlyMap<string, Tensor>>;
  readonly weights?: ReadonlyMap<string, Tensor>;
  readonly batch?: TensorTree;
  readonly dropout?: Dropout;
  readonly attention?: 'joint' | 'separate';
  readonly gradientCheckpointing?: boolean;
}

export const toDevice = (tensors: AdapterTensors): ReadonlyMap<string, ReadonlyMap<string, Tensor>> =>
  new Map(
    [...tensors].map(([name, own]) => [name, new Map([...own].map(([key, host]) => [key, fromHost(host)]))]),
  );

/** Runs the subject, by default frozen and without adapters. */
export const run = (subject: Subject, changes: RunChanges = {}): BackboneOutput =>
  runBackbone({
    forward: subject.forward,
    backbone: subject.shape,
    backboneParameters: lookUpIn(changes.weights ?? subject.weights, 'backbone'),
    adapterParameters: (name) => lookUpIn(changes.adapters?.get(name) ?? new Map(), `adapter ${name}`),
    attached: changes.attached ?? [],
    batch: changes.batch ?? subject.batch,
    dropout: changes.dropout ?? ((x) => x),
    options: { attention: changes.attention ?? 'joint' },
    gradientCheckpointing: changes.gradientCheckpointing ?? false,
  });

/** The same for a subject of one stream. */
export const runJoint = (subject: Subject, changes: RunChanges = {}): FusedOutput =>
  fusedOutput(run(subject, changes));
