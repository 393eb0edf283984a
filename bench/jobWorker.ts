// One job of this package in a process of its own: node jobWorker.js SPEC. Prints `first step` when that is done, and a
// JobResult at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { AdapterEntry } from '../src/model/attach.js';
import { shippedModules } from '../src/modules/shippedModules.js';
import type { WrittenRecipe } from '../src/recipe/recipe.js';
import { resolveRecipe } from '../src/recipe/validate.js';
import { runRecipe } from '../src/run/runRecipe.js';
import type { AnyTask } from '../tasks/task.js';
import type { JobResult, JobSpec } from './jobSpec.js';
import { tokenProcessor, tokenTask } from './tokenTask.js';

const spec = JSON.parse(process.argv[2] as string) as JobSpec;

/** Bottlenecks of width 48 on BERT-base, after attention and feed-forward part; LoRA on query and value. */
const METHODS: Readonly<Record<JobSpec['method'], readonly AdapterEntry[]>> = {
  none: [],
  bottleneck: [{ kind: 'bottleneck', sites: ['attention', 'ffn'], reductionFactor: 16, dropout: 0 }],
  lora: [{ kind: 'lora', rank: 8, alpha: 16, sites: ['attention.query', 'attention.value'] }],
  shortcut: [{ kind: 'shortcut' }],
  ladder: [{ kind: 'ladder' }],
};

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-bench-'));
const tasks = [tokenTask as unknown as AnyTask];
const recipe: WrittenRecipe = {
  name: 'job',
  backbone: { from: spec.model, precision: spec.precision },
  adapters: METHODS[spec.method],
  task: { kind: 'tokens' },
  data: { train: { count: spec.examples, length: spec.length } },
  training: {
    epochs: spec.epochs,
    batchSize: spec.batch,
    optimizer: { kind: 'adamw', learningRate: 1e-4, weightDecay: 0.01 },
    schedule: { kind: 'constant', warmup: 0 },
    gradientCheckpointing: spec.gradientCheckpointing ?? false,
  },
  cache: { mode: spec.cache ?? 'off', folder: join(folder, 'cache') },
  output: join(folder, 'run'),
};
const modules = {
  ...shippedModules,
  tasks,
  processors: shippedModules.processors.map((kind) => ({ ...kind, create: async () => tokenProcessor })),
};
const settings = resolveRecipe(recipe, { files: false, modules });

/** Steps whose times are not counted: they are traced, and caches are cold. */
const WARM_UP = 3;
const ends: number[] = [];
let before = performance.eventLoopUtilization();
let share = 0;
const summary = await runRecipe(
  settings,
  {
    onLog: (line) => console.error(line),
    onProgress: ({ stage, done }) => {
      if (stage !== 'train') return;
      ends.push(performance.now());
      if (done === 1) console.log('first step');
      if (done === WARM_UP) before = performance.eventLoopUtilization();
      share = performance.eventLoopUtilization(before).utilization;
    },
  },
  modules,
);
const times = ends
  .slice(WARM_UP)
  .map((end, index) => (end - (ends[index + WARM_UP - 1] as number)) / 1000)
  .sort((a, b) => a - b);
rmSync(folder, { recursive: true });
const result: JobResult = {
  step: times[times.length >> 1] ?? 0,
  peakMemory: summary.peakMemoryBytes,
  trainable: summary.parameters.trainable,
  mainThreadShare: share,
};
console.log(JSON.stringify(result));
