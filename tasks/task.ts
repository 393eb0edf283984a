import type { BackboneOutput, BackboneShape, ForwardOptions, Weights } from '../src/backbones/backbone.js';
import type { Problem } from '../src/base/errors.js';
import type { HostBatch, HostTensor, InputBatch } from '../src/base/hostTensor.js';
import type { Json, JsonSchema } from '../src/base/json.js';
import type { Random } from '../src/base/random.js';
import type { FolderListing } from '../src/data/folderListing.js';
import type { Picture, Processor } from '../src/data/sequence.js';
import type { Dropout, Tensor, TensorTree } from '../src/engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../src/nn/parameters.js';
import type { Example, SplitName, Splits } from './example.js';
import type { Reader } from './readers/reader.js';
import type { CombinedMetric, Shown, Tally } from './shown.js';

export interface CollateContext<State> {
  readonly state: State;
  readonly processor: Processor;
  /** Fresh for every visit of a batch, from run seed and step: masks and negatives are drawn from it. */
  readonly random: Random;
  /** Starts alike for all batches of an update; absent: this one is on its own. */
  readonly updateRandom?: Random;
  readonly training: boolean;
}

/** How the backbone is run. */
export type EncodeOptions = Pick<ForwardOptions, 'attention'>;

/** A model that is learnt from and learns nothing by gradients: none flows through what it gives. */
export interface Teacher {
  /** As that of the model that learns. */
  encode(replace?: TensorTree, options?: EncodeOptions): BackboneOutput;
  /** Its head's parameters. */
  readonly parameters: ParameterLookup;
  /** Its backbone's parameters. */
  readonly backboneParameters: ParameterLookup;
}

/** What training keeps from one step to the next besides the parameters. */
export interface Kept {
  /** By the names of `buffers`. */
  readonly buffers: ParameterLookup;
  readonly teacher?: Teacher;
}

/** Who teaches: a running average of everything that trains, or a finished run. */
export type TeacherChoice =
  | { readonly kind: 'averaged'; readonly momentum: number }
  | {
      readonly kind: 'run';
      /** Its folder. */
      readonly from: string;
    };

/** What begins the names of outputs that are values of buffers after the step. */
export const NEXT = 'next.';

/** A forward pass in the making, given to `outputs`. */
export interface ForwardContext<Options, State> {
  readonly options: Options;
  readonly state: State;
  readonly backbone: BackboneShape;
  /** Runs the backbone with its adapters on the batch, or on the given replacement of some of its tensors. */
  encode(replace?: TensorTree, options?: EncodeOptions): BackboneOutput;
  /** The head's parameters, by the names of `head`. */
  readonly parameters: ParameterLookup;
  /** Frozen or adapted backbone parameters (for tied weights, as in masked language modelling). */
  readonly backboneParameters: ParameterLookup;
  readonly batch: TensorTree;
  readonly dropout: Dropout;
  /** Absent in evaluation, which depends on the parameters alone. */
  readonly kept?: Kept;
}

/** Inference over a whole split, for tasks whose examples can't be scored one by one. */
export interface InferenceContext<Options, E extends Example, State> extends CollateContext<State> {
  readonly options: Options;
  readonly examples: readonly E[];
  readonly backbone: BackboneShape;
  readonly batchSize: number;
  /**
   * Those of `predictionOutputs` that `outputs` made of this batch; throws InterruptedError when the run is stopped, and
   * an Error that names rows when an output is not finite.
   * @param ids what the rows of the batch are called
   */
  run(batch: HostBatch, ids: readonly string[]): Promise<Readonly<Record<string, HostTensor>>>;
  onProgress(done: number, total: number): void;
}

/** What a user asks a trained model. */
export interface PredictionRequest {
  /** Named in the prediction. */
  readonly id: string;
  readonly text: string;
  /** At least one, in the order given; with boxes where the user gave them. */
  readonly pictures: readonly [Picture, ...Picture[]];
  /** Answers to choose from. */
  readonly choices?: readonly string[];
  /** Which task is asked, where a model has several. */
  readonly task?: string;
}

/** What a request must have besides its text, and how its answer comes about. */
export interface RequestForm {
  /** Default 1. */
  readonly pictures?: number;
  /** Whether its pictures must have boxes. */
  readonly boxes?: boolean;
  /** How many answers it must name to choose from; absent: none. */
  readonly choices?: number;
  /** Whether requests that are made together are weighed against each other. */
  readonly together?: boolean;
}

/** A file in the format that an official evaluation reads. */
export interface SubmissionFile {
  /** File name without folder. */
  readonly name: string;
  readonly content: string;
}

/** Scalars: `total` is what is minimised, a mean over examples unless `sums` says what of; the parts are logged. */
export interface Loss {
  readonly total: Tensor;
  readonly parts?: Readonly<Record<string, Tensor>>;
  /**
   * Sums of the other parts, each part times a factor: `total`, and parts that are such sums. For tasks with `counts`:
   * what is a sum of means over different things is no mean itself.
   */
  readonly sums?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Prediction {
  readonly id: string;
  /** What is written to prediction files; `score`s are probabilities in [0, 1]. */
  readonly [key: string]: Json;
}

export interface MetricReport {
  /** Name -> value, 0..1 where it is a share. */
  readonly values: Readonly<Record<string, number>>;
  /** Group -> metric value and count, for example per question type. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, { value: number; count: number }>>>>;
  /** What the values leave out, for a person. */
  readonly notes?: readonly string[];
}

/** For tasks whose batches must each be of one group of examples. */
interface Grouping<Options, E extends Example> {
  /**
   * Every group. The key of its files in a split, each of which can be read alone; head parameters that only its
   * examples reach begin with its name and a dot.
   */
  names(options: Options): readonly string[];
  of(example: E): string;
  /** Options of the task with this group alone. */
  alone(options: Options, group: string): Options;
  /** What a request of this group must have. */
  requestForm?(options: Options, group: string): RequestForm;
  /**
   * Share of the batches by group, adding up to 1; undefined: every example is shown once an epoch.
   * @param sizes training examples of each group
   */
  shares(options: Options, sizes: ReadonlyMap<string, number>): ReadonlyMap<string, number> | undefined;
}

/** What `show` may look at besides an example and its prediction. */
export interface ShowContext<Options, E extends Example> {
  readonly options: Options;
  /** All of the split. */
  readonly examples: readonly E[];
}

/** One task of the field: one file and one line in `tasks/index.ts`. */
export interface Task<Options, E extends Example, State extends Json> {
  readonly kind: string;
  readonly description: string;
  /** Schema of the task's options besides `kind`. */
  readonly schema: JsonSchema;
  /**
   * What an example is, by the name that its readers give it: a name of `ExampleKinds`, or one of a reader from another
   * package. Absent: the task reads its files itself.
   */
  readonly examples?: string;
  /** The readers that give that, the default one first. */
  readonly readers?: readonly [Reader, ...Reader[]];
  /** Schema of one split of `data` (files of the reader). */
  readonly dataSchema: JsonSchema;
  /** Instead of `dataSchema` where it depends on the options, which may still be wrong; undefined: they do not say. */
  splitSchema?(options: object, split: SplitName): JsonSchema | undefined;
  /** Absent: examples may be mixed in a batch. */
  readonly grouping?: Grouping<Options, E>;
  /** The metric that picks the best checkpoint, and whether more is better. */
  readonly metric: { readonly name: string; readonly higherIsBetter: boolean };
  /** The kind of adapter to begin with, by the results on the sample data. */
  readonly adapter?: string;
  /** The splits of a folder by the official names of its files, their paths relative to it; a file may be missing. */
  recognise?(folder: FolderListing): Splits;
  /** Reads one split; throws UsageError with every problem of the files. */
  read(options: Options, split: Readonly<Record<string, Json>>): Promise<readonly E[]>;
  /** What must be known before the head is built (answer vocabulary, ...); JSON, saved with the adapter. */
  fit(options: Options, training: readonly E[]): State;
  /** Throws UsageError, `where` a JSON pointer into the recipe, when the task can't run on this backbone. */
  check?(options: Options, backbone: BackboneShape): void;
  /** Whether a backbone that reads text alone can do it, as a baseline that sees no picture; default: it can't. */
  textAlone?(options: Options): boolean;
  /** Pictures that an example shows. */
  pictures(example: E): readonly Picture[];
  /**
   * Texts of an example, first the one that it is known by; the tokenizer of a backbone made from nothing is built from
   * them.
   */
  texts?(example: E): readonly string[];
  /** Name in a backbone folder of a head parameter that is worth keeping with the backbone, as a pretraining head is. */
  checkpointName?(headParameter: string, options: Options): string | undefined;
  /** A rough length in tokens for buckets, from the text alone. */
  length(example: E): number;
  /**
   * Parameters of the head.
   * @param checkpoint every tensor of the backbone's folder by its name in the file: a pretrained head starts as a
   * `copy` of one of them
   */
  head(
    options: Options,
    state: State,
    backbone: BackboneShape,
    checkpoint: Weights,
  ): readonly ParameterSpec[];
  /**
   * Tensors that are kept from one step to the next and that no optimizer changes, a queue for example: name, shape,
   * first values. They are in checkpoints, not in what a run saves.
   */
  buffers?(options: Options): readonly ParameterSpec[];
  /** Whom the task learns from; undefined: no one. */
  teacher?(options: Options): TeacherChoice | undefined;
  /** Parameters of the head, by name and shape, that are asked of a teacher. */
  teacherHead?(options: Options, backbone: BackboneShape): readonly ParameterSpec[];
  /** What a person should know of how the head starts in this folder, besides which of its tensors are read. */
  headRemarks?(
    options: Options,
    state: State,
    backbone: BackboneShape,
    checkpoint: Weights,
  ): readonly string[];
  /** Backbone inputs and, unless predicting without labels, targets (keys start with `target.`). */
  collate(examples: readonly E[], context: CollateContext<State>): Promise<HostBatch>;
  /** Named outputs of one batch, [B, ...] each; in training also the next values of buffers, called `next.<buffer>`. */
  outputs(context: ForwardContext<Options, State>): TensorTree;
  loss(outputs: TensorTree, batch: TensorTree, options: Options): Loss;
  /**
   * What parts of the loss are means over in a batch, part -> how many; those left out are means over its examples. The
   * batches that an update accumulates, and those of an evaluation, are weighted by it, as one large batch would.
   */
  counts?(batch: InputBatch, options: Options): Readonly<Record<string, number>>;
  /** What of the loss compares the examples of a batch with each other; undefined: nothing does. */
  comparesInBatch?(options: Options): string | undefined;
  /** Outputs that `predict` needs, of those that `outputs` made; the others stay on the device. */
  readonly predictionOutputs: readonly string[];
  predict(
    outputs: Readonly<Record<string, HostTensor>>,
    examples: readonly E[],
    state: State,
    options: Options,
  ): readonly Prediction[];
  /**
   * Instead of one pass a batch of examples: predictions of the whole split (of one group of it, with `grouping`), in
   * the order of its examples. Undefined: these take one pass a batch.
   */
  infer?(context: InferenceContext<Options, E, State>): Promise<readonly Prediction[]> | undefined;
  /** Predictions in the formats of the official evaluations. */
  submission?(predictions: readonly Prediction[], examples: readonly E[]): readonly SubmissionFile[];
  evaluate(predictions: readonly Prediction[], examples: readonly E[], options: Options): MetricReport;
  /** The best that ignores pictures and texts, from the training set: the majority answer. */
  baseline?(training: readonly E[], examples: readonly E[], state: State, options: Options): MetricReport;
  /**
   * What a person should know of a split before a run: answers that never occur in training, classes out of balance;
   * `examples` are those of the training set itself, or of another split. Places are set by the caller.
   */
  remark?(
    training: readonly E[],
    examples: readonly E[],
    state: State,
    options: Options,
  ): readonly Pick<Problem, 'message' | 'expected'>[];
  /** What an example adds to the metrics; undefined where it has no labels. */
  tally?(example: E, prediction: Prediction, options: Options): Tally | undefined;
  /** Metrics that are made of those that `tally` adds up to. */
  combined?(examples: readonly E[], options: Options): Readonly<Record<string, CombinedMetric>>;
  /** The example and its prediction as the report shows them. */
  show?(example: E, prediction: Prediction, context: ShowContext<Options, E>): Shown;
  /** The right answer of an example as one of those that examples share; undefined where it has none. */
  answer?(example: E): string | undefined;
  /** The right answer of an example in words, where `answer` does not say it; undefined where it is not known. */
  truth?(example: E): string | undefined;
  /** What `exampleFrom` asks for; absent: a text and a picture. */
  readonly requestForm?: RequestForm;
  /** An example to predict on; throws UsageError when the request lacks something, or has too much. */
  exampleFrom?(request: PredictionRequest, options?: Options): E;
}

/** What readers give a task that asks for examples by name. */
type Reading = 'dataSchema' | 'readers' | 'recognise' | 'read';

/** A task as it is written: it names what it asks its readers for, or reads its files itself. */
export type TaskLiteral<Options, E extends Example, State extends Json> = Omit<
  Task<Options, E, State>,
  Reading | 'examples'
> &
  (
    | ({ readonly examples: string } & { readonly [key in Reading]?: never })
    | ({ readonly examples?: never } & Pick<Task<Options, E, State>, 'dataSchema' | 'recognise' | 'read'>)
  );

/** Any task, its types forgotten: what trains knows tasks by their interface only. */
export type AnyTask = Task<unknown, Example, Json>;

/** The same, as it is written. */
export type AnyTaskLiteral = TaskLiteral<unknown, Example, Json>;

/** Types the literal of a task that reads its files itself. */
export function defineTask<Options, E extends Example, State extends Json>(
  task: Task<Options, E, State> & { readonly examples?: never },
): Task<Options, E, State> & { readonly examples?: never };
/** Types the literal of a task that asks its readers for examples. */
export function defineTask<Options, E extends Example, State extends Json>(
  task: TaskLiteral<Options, E, State> & { readonly examples: string },
): TaskLiteral<Options, E, State>;
export function defineTask<Given>(task: Given): Given {
  return task;
}
