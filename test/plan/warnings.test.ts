import { describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { planWarnings } from '../../src/plan/warnings.js';
import type { AnyTask } from '../../tasks/task.js';
import { vqa } from '../readableTasks.js';
import { createBackbone, planAdapters } from '../shipped.js';
import { bottleneckChoice, toyConfig, toySettings, toyTask, toyTraining } from '../training/toy.js';

const { shape } = createBackbone(toyConfig, 1);
const pretrained = { from: 'model', precision: 'f32' as const };
const split = { examples: 100, sampled: 100, tokens: 500, paddingShare: 0.1, truncatedShare: 0 };
const figures = {
  splits: { train: split, test: split },
  steps: { perEpoch: 10, total: 20 },
  memory: { peak: 1e9, measured: 1e9, growth: 0 },
  disk: { cache: 0, checkpoints: 1e6, adapter: 1e5 },
};
const machine = { memory: 8e9, disk: 8e9 };
const prepared = {
  splits: { train: [] },
  task: { task: toyTask as unknown as AnyTask, options: {}, state: null },
  parts: { attached: planAdapters(shape, [bottleneckChoice]) },
};
const places = (found: readonly { readonly where?: string }[]) => found.map(({ where }) => where);
const withTraining = (change: object) =>
  toySettings({ backbone: pretrained, training: { ...toyTraining, ...change } });
const withRate = (learningRate: number) =>
  withTraining({ optimizer: { ...toyTraining.optimizer, learningRate } });

describe('warnings', () => {
  it('are none for a usual recipe', () => {
    expect(planWarnings(withRate(1e-3), prepared, figures, machine)).toEqual([]);
  });

  it('name a learning rate far from what the adapter takes, with the usual ones', () => {
    const [high] = planWarnings(withRate(0.1), prepared, figures, machine);
    expect(high).toEqual({
      where: 'training.optimizer.learningRate',
      message: "0.1 is far above what 'bottleneck' usually learns with",
      expected: '0.00003 to 0.003 with AdamW',
    });
    expect(planWarnings(withRate(1e-6), prepared, figures, machine)[0]?.message).toContain('far below');
    const alone = { ...prepared, parts: { attached: [] } };
    expect(planWarnings(withRate(1e-6), alone, figures, machine)[0]?.message).toContain('a head alone');
  });

  it('know the usual learning rates of every adapter of this package', () => {
    const unknown = adapters.filter(({ usualLearningRate: usual }) => !usual || !(usual.low < usual.high));
    expect(unknown.map(({ kind }) => kind)).toEqual([]);
  });

  it('name settings that do not fit the length of the training', () => {
    const settings = withTraining({
      optimizer: { ...toyTraining.optimizer, learningRate: 1e-3 },
      schedule: { kind: 'linear', warmup: 20 },
      evaluateEvery: 21,
      batchSize: 101,
    });
    expect(places(planWarnings(settings, prepared, figures, machine))).toEqual([
      'training.schedule.warmup',
      'training.evaluateEvery',
      'training.batchSize',
    ]);
  });

  it('name splits of which more than 2 % are cut', () => {
    const cut = (truncatedShare: number) => ({ ...figures, splits: { train: { ...split, truncatedShare } } });
    expect(planWarnings(withRate(1e-3), prepared, cut(0.02), machine)).toEqual([]);
    expect(planWarnings(withRate(1e-3), prepared, cut(0.05), machine)[0]?.message).toBe(
      '5.00 % of the texts of train are cut at 16 tokens',
    );
  });

  it('name memory and disk that are not there', () => {
    const found = planWarnings(withRate(1e-3), prepared, figures, { memory: 0.5e9, disk: 1e6 });
    expect(places(found)).toEqual(['memory', 'output']);
    expect(found.every(({ expected }) => expected)).toBe(true);
  });

  it('tell what the task says of its data, with the split', () => {
    const question = (id: string, answer: string) => ({
      id,
      question: 'what is it',
      picture: { id, path: `${id}.png` },
      answers: [answer],
    });
    const train = ['yes', 'yes', 'yes', 'no'].map((answer, at) => question(`t${at}`, answer));
    const test = ['yes', 'dog'].map((answer, at) => question(`e${at}`, answer));
    const own = {
      ...prepared,
      splits: { train, test },
      task: { task: vqa as unknown as AnyTask, options: {}, state: { answers: ['yes', 'no'] } },
    };
    expect(planWarnings(withRate(1e-3), own, figures, machine)).toMatchObject([
      { where: 'data.train', message: "75.00 % of the answers are 'yes'" },
      { where: 'data.test', message: "1 of 2 questions has no answer that the head knows ('dog')" },
    ]);
  });
});
