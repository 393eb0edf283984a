import { describe, expect, it } from 'vitest';
import { tf } from '../../../src/engine/index.js';
import { zeros } from '../../../src/nn/parameters.js';
import { type AnyObjective, defineObjective } from '../../../tasks/pretraining/objective.js';
import type { ViewRequests } from '../../../tasks/pretraining/views/view.js';
import { completed, pretrainModel } from './captions.js';

/** An objective that asks for views and has a head of this width. */
const asking = (kind: string, views: ViewRequests, width: number): AnyObjective =>
  defineObjective<unknown>({
    kind,
    description: 'asks for views',
    schema: {},
    views: () => views,
    head: () => [{ name: 'cls.shared', shape: [width], initializer: zeros }],
    outputs: ({ parameters }) => ({ value: parameters('cls.shared') }),
    loss: ({ value }) => tf.mean(value!),
    measure: { name: kind, columns: [], read: () => [], count: () => [0, 1] },
  });

const opened = (one: AnyObjective, other: AnyObjective) => () => {
  const list = [one, other];
  return pretrainModel(completed({ objectives: { one: {}, other: {} } }, list), [], list);
};

describe('objectives of one recipe', () => {
  it('read a view in one way', () => {
    const [masked, more] = [{ masked: { probability: 0.15 } }, { masked: { probability: 0.3 } }];
    expect(opened(asking('one', masked, 2), asking('other', more, 2))).toThrow(
      /objectives\/other: it reads the examples 'masked' as \{"probability":0\.3\}, one as \{"probability":0\.15\}; the same for both/,
    );
  });

  it('share parameters of the same name, and these have one shape', () => {
    expect(opened(asking('one', { clean: true }, 2), asking('other', { clean: true }, 3))).toThrow(
      /objectives\/other: cls\.shared is \[3\] here and \[2\] in one; the same width in both/,
    );
  });
});
