import type { StreamShape } from '../../backbones/backbone.js';
import { UsageError } from '../../base/errors.js';
import type { KnownBackbone } from '../backbones.js';
import { count, fileSize } from '../figures.js';
import type { Choice } from '../question.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

const ORIGINS: Readonly<Record<KnownBackbone['origin'], string>> = {
  shipped: 'comes with vlgraft',
  folder: 'a folder here',
  cache: 'in the cache of Hugging Face',
};

const streamSize = ({ layers, hiddenSize }: StreamShape): string => `${layers} x ${hiddenSize}`;

/** Family, layers x width, parameters, size on disk. */
const choiceOf = ({ from, origin, modelType, shape, parameters, bytes }: KnownBackbone): Choice => ({
  value: from,
  cells: [
    from,
    modelType,
    shape.streams.map(streamSize).join(' + '),
    `${count(parameters)} parameters`,
    fileSize(bytes),
  ],
  description: `${ORIGINS[origin]}; layers x width, parameters, size on disk`,
});

/** One that was named before and is none of those that were found; one that is wrong is told when it is taken. */
function typedBefore(
  backbone: string | undefined,
  known: readonly KnownBackbone[],
  world: World,
): KnownBackbone[] {
  if (backbone === undefined || known.some(({ from }) => from === backbone)) return [];
  try {
    return [world.backbone(backbone)];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** What adapters are put on. */
export const backboneStep: Step = {
  name: 'backbone',
  keys: ['backbone'],
  async ask({ backbone }, world) {
    const known = world.backbones();
    const choices = [...known, ...typedBefore(backbone, known, world)].map(choiceOf);
    const byDefault = backbone ?? choices[0]?.value;
    return {
      kind: 'one',
      step: 'backbone',
      title: 'backbone',
      choices,
      ...(byDefault !== undefined && { byDefault }),
      free: 'a folder, or a model of the hub',
    };
  },
  async take(answers, reply, world) {
    if (reply.kind !== 'one') return answers;
    const { from } = world.backbone(reply.value);
    return { ...answers, backbone: from };
  },
};
