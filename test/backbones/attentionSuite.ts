import { describe, expect, it } from 'vitest';
import type { BackboneOutput, LayerPlace } from '../../src/backbones/backbone.js';
import { streamOutputs } from '../../src/backbones/streams.js';
import type { Tensor } from '../../src/engine/index.js';
import { loadSubject } from '../adapters/subjects.js';
import { expectClose, readTensors } from '../parity/readParity.js';
import { openModel } from './parityModel.js';

/** What a forward pass shows of every attention. */
function watch(run: (show: (place: LayerPlace, probabilities: Tensor) => void) => void) {
  const seen: { place: LayerPlace; probabilities: Tensor }[] = [];
  run((place, probabilities) => void seen.push({ place, probabilities }));
  return seen;
}

const rowSums = ({ probabilities }: { probabilities: Tensor }): number[] => {
  const width = probabilities.shape.at(-1)!;
  const data = [...probabilities.dataSync()];
  return Array.from({ length: data.length / width }, (_, row) =>
    data.slice(row * width, (row + 1) * width).reduce((sum, value) => sum + value, 0),
  );
};

/** Layers run when what they give is asked for. */
const ran = (output: BackboneOutput) => streamOutputs(output).map(([, { hidden }]) => hidden.shape);

const CALLS = [
  ['BertModel', 'main'],
  ['BertModel', 'defaults'],
  ['VisualBertModel', 'main'],
  ['VisualBertModel', 'defaults'],
  ['ViltModel', 'image_embeds'],
] as const;

/** Attention probabilities against `output_attentions` of transformers. */
export function describeAttention(): void {
  describe('the attention that is shown', () => {
    it.each(CALLS)('%s, call %s: is that of the reference, in every layer', (name, call) => {
      const expected = readTensors(name, 'attentions.safetensors');
      const model = openModel(name);
      const seen = watch((show) => ran(model.output(call, { hooks: { attentionProbabilities: show } })));
      expect(seen.map(({ place }) => place.layer)).toEqual([0, 1]);
      for (const { place, probabilities } of seen) {
        const wanted = expected.get(`${call}.${place.layer}`)!;
        expect(probabilities.shape).toEqual(wanted.shape);
        expectClose(probabilities.dataSync(), wanted.data, 1e-5);
      }
    });

    it('CLIPModel: is that of the reference, in both towers', () => {
      const expected = readTensors('CLIPModel', 'attentions.safetensors');
      const { family, config, weights, batch } = loadSubject('CLIPModel');
      const parameters = (name: string) => weights.get(name)!;
      const seen = watch((show) =>
        ran(family.open(config).forward(parameters, batch, { hooks: { attentionProbabilities: show } })),
      );
      expect(seen).toHaveLength(4);
      for (const { place, probabilities } of seen)
        expectClose(
          probabilities.dataSync(),
          expected.get(`main.${place.stream}.${place.layer}`)!.data,
          1e-5,
        );
    });

    it('sums to 1 from every position', () => {
      const model = openModel('VisualBertModel');
      const seen = watch((show) => ran(model.output('main', { hooks: { attentionProbabilities: show } })));
      for (const sum of seen.flatMap(rowSums)) expect(sum).toBeCloseTo(1, 5);
    });

    it('changes nothing of what the backbone gives', () => {
      const model = openModel('VisualBertModel');
      const shown = model.forward('main', { hooks: { attentionProbabilities: () => {} } });
      expectClose(shown.hidden.dataSync(), model.forward('main').hidden.dataSync(), 1e-6);
    });
  });
}
