import type { FusedOutput } from '../../src/backbones/backbone.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, type TensorTree } from '../../src/engine/index.js';
import { type RunChanges, run, type Subject } from '../../src/testing/subject.js';
import { pixelPatches } from '../backbones/pixelPatches.js';
import { picturesOf } from '../backbones/viltPictures.js';
import { type ParityFolder, readCase } from '../parity/readParity.js';

export {
  attach,
  completeOptions,
  initialise,
  type RunChanges,
  run,
  type Subject,
  toDevice,
} from '../../src/testing/subject.js';

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

/** The same for a subject of one stream. */
export const runJoint = (subject: Subject, changes: RunChanges = {}): FusedOutput =>
  fusedOutput(run(subject, changes));
