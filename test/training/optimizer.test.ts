import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { float32 } from '../../src/base/hostTensor.js';
import { compile, fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { createVariable, type Trainable } from '../../src/model/trainable.js';
import { shippedModules } from '../../src/modules/shippedModules.js';
import { optimizerOf } from '../../src/prepare/modules.js';
import type { OptimizerEntry } from '../../src/training/settings.js';
import { createUpdater, type UpdateOptions } from '../../src/training/updates.js';

type Values = Record<string, number[]>;

interface Case {
  readonly name: string;
  readonly options: UpdateOptions & { readonly optimizer: OptimizerEntry };
  readonly start: Values;
  readonly gradients: Values[];
  readonly norms: number[];
  readonly trajectory: Values[];
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/optimizers.json', import.meta.url), 'utf8')) as {
  shapes: Values;
  cases: Case[];
};

const tensorOf = (name: string, values: number[]) =>
  float32(fixture.shapes[name]!, Float32Array.from(values));

beforeAll(() => startEngine());

describe.each(fixture.cases)('$name', ({ options, start, gradients, norms, trajectory }) => {
  it("takes PyTorch's steps", async () => {
    const trainables = Object.entries(start).map(
      ([name, values]): Trainable => ({
        name,
        group: name === 'head' ? 'head' : 'adapters',
        variable: createVariable(tensorOf(name, values)),
      }),
    );
    const updater = createUpdater(trainables, options, optimizerOf(options.optimizer, shippedModules));
    const step = compile((inputs: Record<string, Tensor>) => ({
      norm: updater.apply(new Map(trainables.map(({ name }) => [name, inputs[name] as Tensor])), inputs),
    }));
    for (const [index, gradient] of gradients.entries()) {
      const rate = options.optimizer.learningRate * (1 - index / gradients.length);
      const scalars = Object.entries(updater.scalars({ learningRate: rate, step: index + 1 }));
      const { norm } = await step.run({
        ...Object.fromEntries(
          Object.entries(gradient).map(([name, g]) => [name, fromHost(tensorOf(name, g))]),
        ),
        ...Object.fromEntries(scalars.map(([name, value]) => [name, tf.scalar(value)])),
      });
      if (norms[index] !== undefined) expect((await norm.data())[0]).toBeCloseTo(norms[index], 4);
      for (const { name, variable } of trainables) {
        const expected = trajectory[index]![name]!;
        [...(await variable.data())].forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 5);
        });
      }
    }
    for (const variable of [...trainables.map(({ variable }) => variable), ...updater.slots.values()]) {
      variable.dispose();
    }
    step.dispose();
  });
});
