import type { Adapter } from '../../adapters/adapter.js';
import type { BackboneOutput } from '../backbones/backbone.js';
import { streamOutputs } from '../backbones/streams.js';
import type { Json } from '../base/json.js';
import { startEngine, tf } from '../engine/index.js';
import type { AttachedAdapter } from '../model/attach.js';
import { gradientsOf } from './adapterGradients.js';
import { objectiveWeights, tensorsOf, valuesOf } from './outputs.js';
import {
  type AdapterTensors,
  attach,
  completeOptions,
  initialise,
  type RunChanges,
  run,
  type Subject,
  toDevice,
} from './subject.js';

/** One way of configuring an adapter that the suite tries. */
export interface AdapterVariant {
  readonly name: string;
  readonly options: Readonly<Record<string, Json>>;
  /** Backbone parameters that must train, by name; default: none. */
  readonly unfreezes?: RegExp;
  /** The method itself does not start as the identity. */
  readonly changesAtStart?: boolean;
  /** How far from the identity rounding may put the start; default 1e-6. */
  readonly startsWithin?: number;
  /** Of a side method: nothing of the frozen output goes on. */
  readonly replacesOutput?: boolean;
  /** Parameters whose gradient the method cuts short: a comparison with another implementation stands in for differences. */
  readonly detached?: RegExp;
  /** Libraries and subjects, `peft BertModel`, for which there is no such folder: writing it is refused. */
  readonly unwritten?: RegExp;
  /** Names of subjects whose backbone it does not fit; there it is refused. */
  readonly refused?: RegExp;
  /** Folders of other libraries give the same in other parameters. */
  readonly rewritten?: boolean;
  /** What depends on the method alone, and not on the engine, is left out. */
  readonly engineOnly?: boolean;
}

/** What an output was, kept for the checks that compare with it. */
interface Computed {
  readonly streams: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly values: readonly Float32Array[];
  /** Of the objective. */
  readonly weights: readonly ArrayLike<number>[];
}

const computed = (output: BackboneOutput): Computed => ({
  streams: streamOutputs(output).map(([name]) => name),
  shapes: tensorsOf(output).map(({ shape }) => shape),
  values: valuesOf(output),
  weights: objectiveWeights(output).map((weight) => weight.dataSync()),
});

/** Made when it is asked for first. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Values in JavaScript memory, whose tensors are freed. */
function onHost<T>(work: () => T): T {
  const results: T[] = [];
  tf.tidy(() => {
    results.push(work());
  });
  return results[0] as T;
}

type Load = () => Subject;

/** What subjects give without adapters. */
const plainOutputs = new WeakMap<Load, Computed>();

function plainOutput(load: Load, subject: Subject): Computed {
  const plain = plainOutputs.get(load) ?? onHost(() => computed(run(subject)));
  plainOutputs.set(load, plain);
  return plain;
}

/** An adapter on a tiny backbone, ready to be tried. */
export interface AdapterBench {
  readonly subject: Subject;
  readonly options: Readonly<Record<string, Json>>;
  readonly attached: readonly [AttachedAdapter];
  /** Its parameters as they start. */
  readonly start: AdapterTensors;
  /** The same, moved away from where they start. */
  readonly moved: AdapterTensors;
  /** A pass with the adapter, by default moved; the caller frees what it makes. */
  adapted(changes?: RunChanges, tensors?: AdapterTensors): BackboneOutput;
  /** What the backbone gives alone. */
  plain(): Computed;
  /** What it gives with the adapter moved. */
  usual(): Computed;
  usualGradients(): readonly (readonly [key: string, gradient: Float32Array])[];
  /** Tensors that the two left behind. */
  kept(): number;
}

/** Deviation by which parameters are moved. */
const MOVED = 0.2;

/** Makes a subject ready for an adapter; starts the engine. */
export async function adapterBench(
  load: Load,
  adapter: Adapter<unknown>,
  given: Readonly<Record<string, Json>>,
): Promise<AdapterBench> {
  await startEngine();
  const subject = load();
  const attached = attach(subject, adapter, given) as readonly [AttachedAdapter];
  const moved = initialise(subject, attached, MOVED);
  const adapted: AdapterBench['adapted'] = (changes = {}, tensors = moved) =>
    run(subject, { attached, adapters: toDevice(tensors), ...changes });
  let kept = 0;
  const counted = <T>(work: () => T): T => {
    const before = tf.memory().numTensors;
    const made = onHost(work);
    kept += tf.memory().numTensors - before;
    return made;
  };
  const hostGradients = () =>
    [...gradientsOf(subject, attached, moved)].map(
      ([key, gradient]) => [key, gradient.dataSync() as Float32Array] as const,
    );
  return {
    subject,
    options: completeOptions(adapter, given),
    attached,
    start: initialise(subject, attached),
    moved,
    adapted,
    plain: () => plainOutput(load, subject),
    usual: once(() => counted(() => computed(adapted()))),
    usualGradients: once(() => counted(hostGradients)),
    kept: () => kept,
  };
}
