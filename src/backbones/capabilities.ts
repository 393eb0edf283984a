import { UsageError } from '../base/errors.js';
import type { BackboneOutput, BackboneShape } from './backbone.js';
import { backboneFamilies } from './families.js';

/** What a task may ask of a backbone: a member of its output. */
export type Capability = keyof BackboneOutput;

/** Whether a backbone gives all of these. */
export const gives = (
  { streams, regions }: Pick<BackboneShape, 'streams' | 'regions'>,
  ...wanted: readonly Capability[]
): boolean =>
  wanted.every((one) =>
    one === 'regions' ? regions !== undefined : streams.some(({ name }) => name === one),
  );

/** Text and picture as a vector each, neither having seen the other. */
export const givesVectors = (backbone: Pick<BackboneShape, 'streams'>): boolean =>
  gives(backbone, 'text', 'picture');

/** Names of the models that are so by default: `VisualBERT, ViLT`. */
export const modelsThat = (are: (shape: BackboneShape) => boolean): string =>
  backboneFamilies
    .flatMap(({ modelNames, open }) =>
      Object.entries(modelNames).flatMap(([type, name]) => {
        const { shape } = open({ model_type: type });
        return !shape.textAlone && are(shape) ? [name] : [];
      }),
    )
    .join(', ');

const LACKS: Readonly<Record<Capability, (family: string) => string>> = {
  text: (family) => `a ${family} backbone gives no vector of a text alone`,
  picture: (family) => `a ${family} backbone gives no vector of a picture alone`,
  fused: (family) => `a ${family} backbone encodes text and picture apart`,
  regions: (family) => `a ${family} backbone of this config reads no regions: nothing stands for a box`,
};

const WOULD_GIVE: Readonly<Record<Capability, string>> = {
  text: 'one that encodes texts alone',
  picture: 'one that encodes pictures alone',
  fused: 'one that reads them in one sequence',
  regions: 'one that reads regions',
};

/** What is said where a backbone lacks what a task needs, and which models have it. */
export function lacking({ family }: BackboneShape, capability: Capability, where = '/backbone'): UsageError {
  const names = modelsThat((shape) => gives(shape, capability));
  const expected = `${WOULD_GIVE[capability]} (${names})`;
  return new UsageError({ where, message: LACKS[capability](family), expected });
}
