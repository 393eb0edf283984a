import { adapters } from '../adapters/index.js';
import type { AdapterEntry } from '../src/model/attach.js';

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

const rateOf = (kind: string): number =>
  adapters.find((adapter) => adapter.kind === kind)?.learningRate ?? 1e-4;

const one = (entry: AdapterEntry): BenchEntry => ({
  name: entry.kind,
  adapters: [entry],
  learningRate: rateOf(entry.kind),
});

/**
 * Every adapter, at about 65,000 parameters (6 % of scenes-tiny: hidden size 128, 4 layers) where the method lets one
 * choose; ia3, ssf, prompt, compacter, bitfit and layernorm are smaller by design, last-layers and full larger.
 * Rates are those of the adapters; `npm run bench:adapters -- --rates 3e-4,1e-3,3e-3,1e-2` measures others.
 */
export const benchEntries: readonly BenchEntry[] = [
  { name: 'none', adapters: [], learningRate: HEAD_RATE },
  one({ kind: 'bottleneck', reductionFactor: 4 }),
  one({ kind: 'parallel', reductionFactor: 2 }),
  one({ kind: 'compacter', reductionFactor: 4 }),
  one({ kind: 'lora', rank: 32, alpha: 32 }),
  one({ kind: 'dora', rank: 32, alpha: 32 }),
  one({ kind: 'ia3' }),
  one({ kind: 'ssf' }),
  one({ kind: 'prefix', length: 64 }),
  one({ kind: 'prompt', length: 32 }),
  one({ kind: 'bitfit' }),
  one({ kind: 'layernorm' }),
  one({ kind: 'shortcut', depth: 2, reductionFactor: 3 }),
  one({ kind: 'ladder', reductionFactor: 4 }),
  one({ kind: 'last-layers', count: 1 }),
  one({ kind: 'full' }),
];
