import { expect, test } from 'vitest';
import { fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { binaryCrossEntropy } from '../../src/objectives/binaryCrossEntropy.js';
import { circle, symmetricCircle } from '../../src/objectives/circle.js';
import { contrastive, learnedScale } from '../../src/objectives/contrastive.js';
import { crossEntropy } from '../../src/objectives/crossEntropy.js';
import { klDivergence } from '../../src/objectives/klDivergence.js';
import { maskedLanguageModelling } from '../../src/objectives/maskedLanguageModelling.js';
import { matching } from '../../src/objectives/matching.js';
import { enqueued, momentumContrast } from '../../src/objectives/momentumContrast.js';
import { pairwiseContrastive } from '../../src/objectives/pairwiseContrastive.js';
import { cosineSimilarities, tokenwiseSimilarity } from '../../src/objectives/similarity.js';
import { triplet, tripletMargin } from '../../src/objectives/triplet.js';
import { expectClose, readJson, readTensors } from '../parity/readParity.js';

type Inputs = TensorTree;

interface LossCases {
  readonly tolerance: number;
  readonly cases: readonly { readonly name: string; readonly parameters: Parameters }[];
}

interface Parameters {
  readonly tau?: number;
  readonly margin?: number;
  readonly scale?: number;
}

const rowCosines = (a: Tensor, b: Tensor): Tensor =>
  tf.sum(tf.mul(cosineSimilarities(a, b), tf.eye(a.shape[0] as number)), 1);

const albefContrast = (inputs: Inputs, soft: number): Tensor =>
  momentumContrast(
    { picture: inputs.picture!, text: inputs.text! },
    {
      teacher: { picture: inputs.taught_picture!, text: inputs.taught_text! },
      queue: { picture: inputs.queued_picture!, text: inputs.queued_text! },
      scale: tf.div(1, inputs.temperature!),
      soft,
    },
  );

const losses: Readonly<Record<string, (inputs: Inputs, parameters: Required<Parameters>) => Tensor>> = {
  mlm_cross_entropy: ({ logits, labels }) => maskedLanguageModelling(logits!, labels!),
  itm_cross_entropy: ({ logits, labels }) => matching(logits!, labels!),
  // of the masked regions only, and their mean in the place of that of the examples
  mrc_kl: ({ logits, target, region_mask }) => {
    const mask = tf.cast(region_mask!, 'float32');
    const sum = klDivergence(logits!, tf.mul(target!, tf.expandDims(mask, -1)));
    return tf.mul(sum, tf.div(logits!.shape[0] as number, tf.sum(mask)));
  },
  vqa_bce: ({ logits, targets }) => binaryCrossEntropy(logits!, targets!),
  cavl_pwcl_exp: ({ visual, text }, { tau }) =>
    pairwiseContrastive(visual!, text!, { form: 'exp', temperature: tau }),
  cavl_pwcl_literal: ({ visual, text }) =>
    pairwiseContrastive(visual!, text!, { form: 'literal', temperature: 1 }),
  itc_infonce: ({ image, text }, { tau }) =>
    contrastive(cosineSimilarities(image!, text!), { scale: 1 / tau }),
  albef_itc: (inputs) => albefContrast(inputs, 0.4),
  filip: ({ image, image_mask, text, text_mask }, { tau }) =>
    contrastive(tokenwiseSimilarity(image!, image_mask!, text!, text_mask!), {
      textToPicture: tokenwiseSimilarity(text!, text_mask!, image!, image_mask!),
      scale: 1 / tau,
    }),
  triplet_sum: ({ image, text }, { margin }) =>
    triplet(cosineSimilarities(image!, text!), { margin, negatives: 'sum' }),
  triplet_hardest: ({ image, text }, { margin }) =>
    triplet(cosineSimilarities(image!, text!), { margin, negatives: 'hardest' }),
  triplet_margin: ({ anchor, positive, negative }, { margin }) =>
    tripletMargin(rowCosines(anchor!, positive!), rowCosines(anchor!, negative!), margin),
  circle: ({ sp, sn }, { margin, scale }) => {
    const positive = tf.concat([tf.onesLike(sp!), tf.zerosLike(sn!)]);
    return circle(tf.reshape(tf.concat([sp!, sn!]), [1, -1]), tf.reshape(positive, [1, -1]), {
      margin,
      scale,
    });
  },
};

/** Value and gradients of one loss against the numbers made by PyTorch. */
function checkCase(name: string, parameters: Parameters, tolerance: number): void {
  const fixture = readTensors('losses', `${name}.safetensors`);
  const names = [...fixture.keys()].filter((key) => key.startsWith('input.')).map((key) => key.slice(6));
  const tensors = names.map((key) => fromHost(fixture.get(`input.${key}`)!));
  const inputs = Object.fromEntries(names.map((key, index) => [key, tensors[index]!]));
  const differentiable = names.filter((key) => fixture.has(`grad.${key}`));
  const evaluate = (...xs: Tensor[]) => {
    const replaced = Object.fromEntries(differentiable.map((key, index) => [key, xs[index]!]));
    return losses[name]!(
      { ...inputs, ...replaced },
      { tau: 1, margin: 0, scale: 1, ...parameters },
    ).asScalar();
  };
  const { value, grads } = tf.valueAndGrads(evaluate)(differentiable.map((key) => inputs[key]!));
  expectClose(value.dataSync(), fixture.get('expected.loss')!.data, tolerance);
  for (const [index, key] of differentiable.entries()) {
    expectClose(grads[index]!.dataSync(), fixture.get(`grad.${key}`)!.data, tolerance);
  }
}

const gradientOf = (loss: (x: Tensor) => Tensor, x: Tensor): number[] =>
  Array.from(
    tf
      .grad((y: Tensor) => loss(y))(x)
      .dataSync(),
  );

/** Declares the tests of every objective on one backend. */
export function describeObjectives(backend: 'auto' | 'wasm'): void {
  const { tolerance, cases } = readJson<LossCases>('losses', 'cases.json');
  const ready = startEngine({ backend });

  test.each(Object.keys(losses))('%s equals PyTorch in value and gradient', async (name) => {
    await ready;
    const { parameters } = cases.find((entry) => entry.name === name)!;
    tf.tidy(() => checkCase(name, parameters, tolerance));
  });

  test('without soft targets the contrast with a teacher is that of ALBEF with alpha 0, and so are its queues', async () => {
    await ready;
    tf.tidy(() => {
      const fixture = readTensors('losses', 'albef_itc.safetensors');
      const names = [...fixture.keys()].filter((key) => key.startsWith('input.'));
      const inputs = Object.fromEntries(names.map((key) => [key.slice(6), fromHost(fixture.get(key)!)]));
      const hard = fixture.get('expected.hard')!;
      expectClose(albefContrast(inputs, 0).dataSync(), hard.data, tolerance);
      for (const side of ['picture', 'text']) {
        const queue = enqueued(inputs[`queued_${side}`]!, inputs[`taught_${side}`]!);
        expectClose(queue.dataSync(), fixture.get(`expected.queued_${side}`)!.data, tolerance);
      }
    });
  });

  test('the objectives keep no tensors', async () => {
    await ready;
    const before = tf.memory().numTensors;
    for (const name of Object.keys(losses))
      tf.tidy(() => checkCase(name, { tau: 0.07, scale: 32 }, Number.POSITIVE_INFINITY));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('binary cross entropy has the gradient (sigmoid(x) - target) / B where the logit is exactly 0', async () => {
    await ready;
    tf.tidy(() => {
      const targets = tf.tensor2d([[0, 1, 0.3]]);
      const gradient = gradientOf((x) => binaryCrossEntropy(x, targets), tf.zeros([1, 3]));
      expectClose(gradient, [0.5, -0.5, 0.2], 1e-6);
    });
  });

  test('cross entropy over nothing is 0 with gradient 0', async () => {
    await ready;
    tf.tidy(() => {
      const labels = tf.tensor1d([-100, -100], 'int32');
      const logits = tf.tensor2d([
        [1, 2],
        [3, 4],
      ]);
      expect(crossEntropy(logits, labels).dataSync()[0]).toBeCloseTo(0);
      expectClose(
        gradientOf((x) => crossEntropy(x, labels), logits),
        [0, 0, 0, 0],
        0,
      );
    });
  });

  test('the divergence is 0 from itself and where the target is 0, and stays finite where a score forbids', async () => {
    await ready;
    tf.tidy(() => {
      const target = tf.tensor3d([
        [
          [0.5, 0.5, 0],
          [0, 0, 0],
        ],
      ]);
      const scores = tf.tensor3d([
        [
          [3, 3, -1e9],
          [1, -2, -1e9],
        ],
      ]);
      expect(klDivergence(scores, target).dataSync()[0]).toBeCloseTo(0, 6);
      expectClose(
        gradientOf((x) => klDivergence(x, target), scores),
        [0, 0, 0, 0, 0, 0],
        1e-6,
      );
    });
  });

  test.each(['exp', 'literal'] as const)('PwCL (%s) of one pair is 0 with gradient 0', async (form) => {
    await ready;
    tf.tidy(() => {
      const text = tf.tensor2d([[1, 2]]);
      const loss = (x: Tensor) => pairwiseContrastive(x, text, { form, temperature: 0.07 });
      expect(loss(tf.tensor2d([[2, 1]])).dataSync()[0]).toBeCloseTo(0);
      expectClose(gradientOf(loss, tf.tensor2d([[2, 1]])), [0, 0], 0);
    });
  });

  test('PwCL counts no caption of the same picture as a negative', async () => {
    await ready;
    tf.tidy(() => {
      const visual = tf.tensor2d([
        [1, 0.2],
        [1, 0.2],
        [0, 1],
      ]);
      const text = tf.tensor2d([
        [1, 0],
        [0.9, 0.3],
        [0.1, 1],
      ]);
      const groups = tf.tensor1d([7, 7, 8], 'int32');
      const actual = pairwiseContrastive(visual, text, { form: 'exp', temperature: 0.5, groups }).dataSync();
      const cosine = ([a, b]: number[], [c, d]: number[]) =>
        (a! * c! + b! * d!) / (Math.hypot(a!, b!) * Math.hypot(c!, d!));
      const [rows, columns] = [visual.arraySync(), text.arraySync()];
      const e = (i: number, j: number) => Math.exp(cosine(rows[i]!, columns[j]!) / 0.5);
      const negatives = e(0, 2) + e(1, 2) + e(2, 0) + e(2, 1);
      expectClose(actual, [-Math.log((e(0, 0) + e(1, 1) + e(2, 2)) / negatives)], 1e-5);
    });
  });

  const similarities = () =>
    tf.tensor2d([
      [0.6, 0.5, 0.1],
      [0.4, 0.7, 0.2],
      [0.3, -0.1, 0.5],
    ]);
  const twoCaptions = () => tf.tensor1d([7, 7, 8], 'int32');

  test('InfoNCE shares the target among the captions of a picture', async () => {
    await ready;
    tf.tidy(() => {
      const actual = contrastive(similarities(), { scale: 2, groups: twoCaptions() }).dataSync();
      const rows = similarities().arraySync();
      const columns = tf.transpose(similarities()).arraySync() as number[][];
      const entropy = (row: readonly number[], positives: readonly number[]) => {
        const total = row.reduce((sum, s) => sum + Math.exp(2 * s), 0);
        return (
          positives.reduce((sum, at) => sum - Math.log(Math.exp(2 * row[at]!) / total), 0) / positives.length
        );
      };
      const mean = (table: readonly number[][]) =>
        (entropy(table[0]!, [0, 1]) + entropy(table[1]!, [0, 1]) + entropy(table[2]!, [2])) / 3;
      expectClose(actual, [(mean(rows) + mean(columns)) / 2], 1e-5);
    });
  });

  test.each(['sum', 'hardest'] as const)(
    'triplets (%s) of captions of one picture are none',
    async (negatives) => {
      await ready;
      tf.tidy(() => {
        const options = { margin: 0.2, negatives, groups: twoCaptions() };
        // left over: [0.2 + 0.3 - 0.5]+ = 0 of row 2 and nothing else above the margin
        expectClose(triplet(similarities(), options).dataSync(), [0], 1e-6);
        expect(triplet(similarities(), { margin: 0.2, negatives }).dataSync()[0]).toBeGreaterThan(0.05);
      });
    },
  );

  test('the circle loss takes captions of one picture for positives', async () => {
    await ready;
    tf.tidy(() => {
      const s = similarities().arraySync();
      const weigh = (row: readonly number[], positives: readonly number[]) => {
        const isPositive = (at: number) => positives.includes(at);
        const sumOf = (wanted: boolean, term: (x: number) => number) =>
          row.reduce((sum, x, at) => (isPositive(at) === wanted ? sum + Math.exp(term(x)) : sum), 0);
        const negative = sumOf(false, (x) => 4 * Math.max(0, x + 0.25) * (x - 0.25));
        return Math.log(1 + negative * sumOf(true, (x) => -4 * Math.max(0, 1.25 - x) * (x - 0.75)));
      };
      const mean = (rows: readonly number[][]) =>
        (weigh(rows[0]!, [0, 1]) + weigh(rows[1]!, [0, 1]) + weigh(rows[2]!, [2])) / 3;
      const columns = s.map((_, at) => s.map((row) => row[at]!));
      const actual = symmetricCircle(similarities(), { margin: 0.25, scale: 4 }, twoCaptions()).dataSync();
      expectClose(actual, [(mean(s) + mean(columns)) / 2], 1e-5);
      const alone = circle(tf.tensor2d([[0.3]]), tf.tensor2d([[1]]), { margin: 0.25, scale: 4 });
      expectClose(alone.dataSync(), [0], 1e-6);
    });
  });

  test('a learned scale is at most 100 and can come back', async () => {
    await ready;
    tf.tidy(() => {
      expectClose(learnedScale(tf.tensor1d([Math.log(20), 9])).dataSync(), [20, 100], 1e-5);
      expectClose(gradientOf(learnedScale, tf.tensor1d([Math.log(20), 9])), [20, 100], 1e-5);
    });
  });
}
