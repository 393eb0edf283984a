import type { ValidateFunction } from 'ajv';
import type { Adapter } from '../../adapters/adapter.js';
import type {
  BackboneFamily,
  BackboneOutput,
  BackboneShape,
  OpenBackbone,
  Weights,
} from '../backbones/backbone.js';
import { initialize } from '../backbones/initialize.js';
import { UsageError } from '../base/errors.js';
import { float32, type HostTensor } from '../base/hostTensor.js';
import type { Json } from '../base/json.js';
import { createRandom } from '../base/random.js';
import { type Dropout, fromHost, type Tensor, type TensorTree, tf } from '../engine/index.js';
import { type AttachedAdapter, planAdapters, runBackbone } from '../model/attach.js';
import { lookUpIn } from '../nn/parameters.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { schemaProblems } from '../schema/schemaWords.js';

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

const validators = new Map<object, ValidateFunction>();

/** Compiled once for each schema. */
function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const compiler = schemaCompiler({
    strict: true,
    useDefaults: true,
    validateSchema: true,
    discriminator: true,
  });
  const compiled = compiler.compile(schema);
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
  if (!validate(filled)) throw new UsageError(schemaProblems(validate.errors, filled));
  return filled;
}

/** One adapter planned for a subject. */
export const attach = (
  subject: Subject,
  adapter: Adapter<unknown>,
  options: Readonly<Record<string, Json>> = {},
): readonly AttachedAdapter[] =>
  planAdapters(subject.shape, [{ kind: adapter.kind, ...completeOptions(adapter, options) }], [adapter]);

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

/** Frees its tensors. */
export function freeSubject({ weights, batch }: Subject): void {
  for (const tensor of weights.values()) tensor.dispose();
  tf.dispose(batch);
}
