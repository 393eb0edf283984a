import type { BackboneShape } from '../../../src/backbones/backbone.js';
import { fusedOutput, fusedStream } from '../../../src/backbones/streams.js';
import { UsageError } from '../../../src/base/errors.js';
import { type HostBatch, type HostTensor, int32 } from '../../../src/base/hostTensor.js';
import { largest } from '../../../src/base/lists.js';
import { IGNORED_LABEL } from '../../../src/data/ignoredLabel.js';
import type { Tensor } from '../../../src/engine/index.js';
import { regionClassification } from '../../../src/objectives/regionClassification.js';
import type { CaptionExample } from '../../examples.js';
import { regionHead, regionParameters } from '../../heads/pretraining.js';
import { requireWords, wordLogits, wordParameters } from '../../heads/wordHead.js';
import { countLabels, countRight } from '../labels.js';
import { defineObjective, type ObjectiveContext } from '../objective.js';
import { wordTargets } from '../wordTargets.js';

interface Options {
  readonly labels: 'words' | 'classes';
  readonly layer: number;
  readonly augment: boolean;
}

/** How many classes there are, or their names. */
type Categories = { readonly classes: number } | { readonly names: readonly string[] };

function classesOf(training: readonly CaptionExample[], at: string): number {
  const classes = training.reduce((most, { picture }) => largest(picture.labels ?? [], most), -1) + 1;
  if (classes > 0) return classes;
  throw new UsageError({
    where: at,
    message: 'no box of the training pictures has a category',
    expected: 'data.train.instances with categories, or leave this objective out',
  });
}

/** The name of each class that the training pictures show. */
function namesOf(training: readonly CaptionExample[], at: string): readonly string[] {
  const names: string[] = [];
  for (const { picture } of training)
    picture.labelNames?.forEach((name, index) => {
      names[picture.labels?.[index] ?? 0] = name;
    });
  if (names.length > 0) return Array.from(names, (name) => name ?? '');
  throw new UsageError({
    where: at,
    message: 'no box of the training pictures has a category with a name',
    expected: 'data.train.instances with named categories, or "labels": "classes"',
  });
}

function check({ labels, layer }: Options, backbone: BackboneShape, at: string): void {
  const { layers } = fusedStream(backbone);
  if (!backbone.regions) {
    throw new UsageError({
      where: at,
      message: `a ${backbone.family} backbone of this config reads no regions`,
      expected: 'leave this objective out',
    });
  }
  if (labels === 'words') requireWords(backbone, `${at}/labels`, '"classes"');
  if (layer <= layers) return;
  const message = `the backbone has no layer ${layer}`;
  throw new UsageError({ where: `${at}/layer`, message, expected: `0 to ${layers}` });
}

/** Labels [B, R] of pictures that have none. */
function unlabelled({ regionFeatures }: HostBatch): HostTensor {
  const labels = int32(regionFeatures?.shape.slice(0, 2) ?? [0, 0]);
  labels.data.fill(IGNORED_LABEL);
  return labels;
}

/** Told from the regions' states after an early layer: [B, R, words or classes]. */
function regionLogits(context: ObjectiveContext<Options, Categories>): Tensor {
  const { labels, layer } = context.options;
  const output = context.encode('pictures', { attention: 'separate' });
  const { state } = fusedOutput(output);
  const { regions: places } = output;
  if (!places) throw new Error('the batch has no regions');
  const seen = places.of(state(layer));
  return labels === 'classes' ? regionHead(context.parameters, seen) : wordLogits(seen, context);
}

/**
 * What each region shows, while the picture sees only itself. In the place of the detector that the field reads its
 * regions through.
 */
export const regions = defineObjective<Options, Categories>({
  kind: 'regions',
  description:
    "What does a region show? Needs the categories of the instances file; for backbones that read pixels instead of a detector's features.",
  schema: {
    properties: {
      labels: {
        type: 'string',
        enum: ['words', 'classes'],
        default: 'words',
        description:
          "Predict the category's name through the word embeddings, so that words and regions meet (names of one token count), or its number through a classifier.",
      },
      layer: {
        type: 'integer',
        minimum: 0,
        maximum: 512,
        default: 1,
        description:
          'After which layer it must be known; an early one leaves the later layers to connect words with regions.',
      },
      augment: {
        type: 'boolean',
        default: false,
        description:
          'Whether crops of boxes are mirrored, moved and recoloured in training; for regions of the kind crop-pixels.',
      },
    },
  },
  views: ({ augment }) => ({ pictures: true, ...(augment && { augmented: true }) }),
  check,
  fit: ({ labels }, training, at) =>
    labels === 'classes' ? { classes: classesOf(training, at) } : { names: namesOf(training, at) },
  head: (_options, state, backbone) =>
    'classes' in state
      ? regionParameters(fusedStream(backbone).hiddenSize, state.classes)
      : wordParameters(backbone),
  collate: async ({ inputs }, { state, processor }) => {
    const labels = inputs.regionLabels ?? unlabelled(inputs);
    const targets = 'names' in state ? await wordTargets(labels, state.names, processor) : labels;
    return { 'target.regions': targets };
  },
  outputs: (context) => ({ regionLogits: regionLogits(context) }),
  loss: ({ regionLogits: logits }, batch) => regionClassification(logits!, batch['target.regions']!),
  count: (batch) => countLabels(batch['target.regions']),
  measure: {
    name: 'regions',
    columns: ['regionsRight', 'regions'],
    read: ({ regionLogits: logits }, batch) => countRight(logits!, batch['target.regions']!),
    count: ({ regionsRight, regions: all }) => [regionsRight as number, all as number],
  },
});
