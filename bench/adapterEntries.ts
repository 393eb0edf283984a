import type { AdapterEntry } from '../src/training/settings.js';

/** What `npm run bench:adapters` trains: one row of its table. */
export interface BenchEntry {
  readonly name: string;
  /** Empty: the head alone. */
  readonly adapters: readonly AdapterEntry[];
  /** Of the adapters; the head has the same one in every row. */
  readonly learningRate: number;
}

/** Learning rate of the head. */
export const HEAD_RATE = 1e-3;

const one = (learningRate: number, adapter: AdapterEntry): BenchEntry => ({
  name: adapter.kind,
  adapters: [adapter],
  learningRate,
});

/**
 * Every adapter, at about 65,000 parameters (6 % of scenes-tiny: hidden size 128, 4 layers) where the method lets one
 * choose; ia3, ssf, prompt, compacter, bitfit and layernorm are smaller by design, last-layers and full larger.
 * `npm run bench:adapters -- --rates 3e-4,1e-3,3e-3,1e-2` measures the rates.
 */
export const benchEntries: readonly BenchEntry[] = [
  { name: 'none', adapters: [], learningRate: HEAD_RATE },
  one(1e-3, { kind: 'bottleneck', reductionFactor: 4 }),
  one(3e-4, { kind: 'parallel', reductionFactor: 2 }),
  one(3e-3, { kind: 'compacter', reductionFactor: 4 }),
  one(3e-4, { kind: 'lora', rank: 32, alpha: 32 }),
  one(3e-4, { kind: 'dora', rank: 32, alpha: 32 }),
  one(1e-2, { kind: 'ia3' }),
  one(3e-3, { kind: 'ssf' }),
  one(3e-3, { kind: 'prefix', length: 64 }),
  one(1e-2, { kind: 'prompt', length: 32 }),
  one(3e-3, { kind: 'bitfit' }),
  one(3e-3, { kind: 'layernorm' }),
  one(2e-3, { kind: 'shortcut', depth: 2, reductionFactor: 3 }),
  one(2e-3, { kind: 'ladder', reductionFactor: 4 }),
  one(5e-4, { kind: 'last-layers', count: 1 }),
  one(5e-5, { kind: 'full' }),
];
