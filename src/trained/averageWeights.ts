import { isDeepStrictEqual } from 'node:util';
import type { Weights } from '../backbones/backbone.js';
import { type Problem, UsageError } from '../base/errors.js';
import { float32, type HostTensor } from '../base/hostTensor.js';
import type { AdapterConfig, AdapterContents } from '../checkpoints/adapterFolder.js';

/** What must be the same for the mean of two trained models to mean something. */
const COMPARED = ['adapters', 'composition', 'task', 'taskState'] as const;

const requireSame = (folder: string, first: AdapterConfig, other: AdapterConfig): Problem[] =>
  COMPARED.filter((key) => !isDeepStrictEqual(first[key], other[key])).map((key) => ({
    file: folder,
    where: `/${key}`,
    message: 'differs from that of the first run',
    expected: 'runs that differ only in seed, data order or length of training',
  }));

function mean(all: readonly Weights[]): Map<string, HostTensor> {
  const [first, ...others] = all as [Weights, ...Weights[]];
  return new Map(
    [...first].map(([name, { shape, data }]) => {
      const sum = Float64Array.from(data);
      for (const other of others) {
        const values = other.get(name)?.data;
        if (values?.length !== sum.length) throw new Error(`'${name}' is not in every run`);
        for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
      }
      return [
        name,
        float32(
          shape,
          Float32Array.from(sum, (value) => value / all.length),
        ),
      ];
    }),
  );
}

/**
 * The mean of the weights of several runs of one recipe, heads included (Wortsman et al. 2022, arXiv 2203.05482, uniform
 * soup). Throws UsageError with everything in which they differ.
 */
export function averageRuns(
  runs: readonly (AdapterContents & { readonly folder: string })[],
): AdapterContents {
  const [first, ...others] = runs as [(typeof runs)[number], ...(typeof runs)[number][]];
  const problems = others.flatMap(({ folder, config }) => requireSame(folder, first.config, config));
  if (problems.length > 0) throw new UsageError(problems);
  return {
    config: first.config,
    tensors: mean(runs.map(({ tensors }) => tensors)),
    headTensors: mean(runs.map(({ headTensors }) => headTensors)),
  };
}
