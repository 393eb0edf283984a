// What the author of an adapter, a task, a kind of regions or an optimizer needs besides the functions of `index.ts`.

export {
  type Adapter,
  type AdapterContext,
  type AdapterFormat,
  type AdapterPlan,
  defineAdapter,
  type MergeContext,
  type SideCall,
} from '../adapters/adapter.js';
export { chosenLayers, type LayerChoice, layersSchema, sitesOf } from '../adapters/parts/layers.js';
export { sitePatternsSchema, sitesMatching } from '../adapters/parts/sitePatterns.js';
export { bottleneckWidth, dropoutSchema, reductionFactorSchema } from '../adapters/parts/sizes.js';
export type { Example, SplitName, Splits } from '../tasks/example.js';
export type { ExampleKinds } from '../tasks/examples.js';
export {
  projectionSchema,
  retrievalMeasure,
  vectorParameters,
  vectorsOf,
} from '../tasks/pretraining/comparedVectors.js';
export { defineObjective, type Objective } from '../tasks/pretraining/objective.js';
export { type JsonFile, readJsonFile } from '../tasks/readers/jsonFile.js';
export { pathSchema } from '../tasks/readers/pathSchema.js';
export { defineReader, type Reader } from '../tasks/readers/reader.js';
export type { Shown, Tally } from '../tasks/shown.js';
export {
  type CollateContext,
  defineTask,
  type ForwardContext,
  type InferenceContext,
  type Loss,
  type MetricReport,
  type Prediction,
  type PredictionRequest,
  type Task,
} from '../tasks/task.js';
export type {
  AttentionCall,
  BackboneFamily,
  BackboneOutput,
  BackboneShape,
  FusedOutput,
  InputCall,
  KeysAndValues,
  LayerPlace,
  PromptCall,
  Site,
  SiteCall,
  StreamOutput,
  StreamShape,
  Weights,
} from './backbones/backbone.js';
export type { ProcessorKind, ProcessorOptions } from './backbones/processors/processor.js';
export { fusedOutput, fusedStream, pooledOutput, pooledWidth } from './backbones/streams.js';
export { InterruptedError, type Problem, UsageError } from './base/errors.js';
export { float32, type HostBatch, type HostTensor, int32 } from './base/hostTensor.js';
export type { Json, JsonSchema } from './base/json.js';
export { suggest } from './base/nearest.js';
export { createRandom, type Random } from './base/random.js';
export type { FolderListing } from './data/folderListing.js';
export { IGNORED_LABEL } from './data/ignoredLabel.js';
export type { Image, PixelRectangle } from './data/image.js';
export { cropImage, type DecodeOptions, decodeImage, readImageSize } from './data/images.js';
export { type Box, boxGeometry, gridBoxes, pixelRectangle } from './data/regions/geometry.js';
export { defineRegions, type RegionKind, type RegionSource, type Regions } from './data/regions/region.js';
export type { EncodedSequence, Picture, Processor, SequenceInput, TextSpan } from './data/sequence.js';
export {
  type ActivationName,
  activation,
  addTo,
  attention,
  castLike,
  type Dropout,
  embedding,
  gelu,
  layerNorm,
  linear,
  stopGradient,
  type Tensor,
  type TensorTree,
  tf,
} from './engine/index.js';
export {
  countParameters,
  type Initializer,
  layerNormParameters,
  linearParameters,
  normal,
  ones,
  type ParameterLookup,
  type ParameterSpec,
  zeros,
} from './nn/parameters.js';
export type { Tap } from './nn/sites.js';
export { binaryCrossEntropy } from './objectives/binaryCrossEntropy.js';
export { crossEntropy } from './objectives/crossEntropy.js';
export { cosineSimilarities, sameGroup } from './objectives/similarity.js';
export {
  defineOptimizer,
  learningRate as learningRateSchema,
  type Optimizer,
  type OptimizerKind,
  scalarOf,
  share as shareSchema,
  weightDecay as weightDecaySchema,
} from './training/optimizers/optimizer.js';
