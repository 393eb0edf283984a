// vlgraft beside PyTorch, in turns: npm run bench -- --python PATH [--only steps,job,forward,checkpointing,growth]
// [--shapes base,small,tiny] [--rounds 5] [--job-rounds 5] [--adapters-python PATH] [--fresh]. The Python of --python
// has torch==2.13.0, transformers and peft; that of --adapters-python has adapters, which asks for an older transformers.
// What was measured is kept in bench/results/benchmarks.json, so that parts can be run one after another;
// docs/benchmarks.md is written from it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, View } from 'vega';
import { plotSpec } from '../src/comparison/plotSpec.js';
import { packageFolder } from '../src/system/packageFolder.js';
import { type Benchmarks, benchmarkTables, growthPlot } from './benchmarkTables.js';
import { type JobSpec, SHAPES } from './jobSpec.js';
import { writeMarkedSection } from './markedSection.js';
import { alternate, type Entrant } from './measure.js';
import { modelOf, runOrThrow } from './models.js';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    'adapters-python': { type: 'string' },
    only: { type: 'string', default: 'steps,job,forward,checkpointing,growth' },
    shapes: { type: 'string', default: 'base,small,tiny' },
    rounds: { type: 'string', default: '5' },
    'job-rounds': { type: 'string', default: '5' },
    fresh: { type: 'boolean', default: false },
  },
});

const root = packageFolder();
const results = join(root, 'bench/results');
const file = join(results, 'benchmarks.json');
const parts = options.only.split(',');
const { python } = options;
const [rounds, jobRounds] = [Number(options.rounds), Number(options['job-rounds'])];
const log = (line: string): void => console.error(line);

const vlgraft: Entrant = { name: 'vlgraft', spec: { cache: 'off' } };
const eager: Entrant = { name: 'PyTorch eager', spec: { mode: 'eager' }, python };
const compiled: Entrant = { name: 'torch.compile', spec: { mode: 'compile' }, python };
const adaptersPython = options['adapters-python'];
const adapters: Entrant[] = adaptersPython
  ? [{ name: 'adapters', spec: { mode: 'eager', library: 'adapters' }, python: adaptersPython }]
  : [];

/** Steps of a job that is there for its step time. */
const STEPS = 8;
const BATCH = 16;
const LENGTH = 140;
const bottleneck = (model: string, precision: JobSpec['precision']): JobSpec => ({
  model,
  method: 'bottleneck',
  precision,
  batch: BATCH,
  length: LENGTH,
  examples: BATCH * STEPS,
  epochs: 1,
});

const PRECISIONS = ['f32', 'bf16'] as const;

async function measureSteps(into: Benchmarks): Promise<void> {
  for (const [name, shape] of Object.entries(SHAPES)) {
    if (!options.shapes.split(',').includes(name)) continue;
    for (const precision of PRECISIONS) {
      log(`step, ${name}, ${precision}`);
      const entrants = [vlgraft, eager, compiled, ...(name === 'base' ? adapters : [])];
      const measured = await alternate(
        entrants,
        bottleneck(modelOf(name, shape, python), precision),
        rounds,
        log,
      );
      into.steps = { ...into.steps, [`${name} ${precision}`]: measured };
      save(into);
    }
  }
}

/** What gradient checkpointing saves and costs, on the base shape. */
async function measureCheckpointing(into: Benchmarks): Promise<void> {
  const model = modelOf('base', SHAPES.base, python);
  const again: Entrant = { name: 'gradient checkpointing', spec: { gradientCheckpointing: true } };
  for (const precision of PRECISIONS) {
    const measured = await alternate([vlgraft, again], bottleneck(model, precision), 1, log);
    into.checkpointing = { ...into.checkpointing, [precision]: measured };
    save(into);
  }
}

/** A job of ten epochs: what a frozen backbone computes again and again elsewhere, and once here. */
const JOB = { batch: BATCH, length: LENGTH, examples: 48, epochs: 10, precision: 'f32' } as const;

async function measureJob(into: Benchmarks): Promise<void> {
  const entrants: Entrant[] = [
    { name: 'vlgraft shortcut', spec: { method: 'shortcut', cache: 'on' } },
    { name: 'PyTorch LoRA', spec: { method: 'lora' }, python },
    { name: 'PyTorch LST', spec: { method: 'ladder' }, python },
  ];
  const job: JobSpec = { ...JOB, model: modelOf('base', SHAPES.base, python), method: 'shortcut' };
  into.job = await alternate(entrants, job, jobRounds, log);
  save(into);
}

function measureForward(into: Benchmarks): void {
  const model = modelOf('base', SHAPES.base, python);
  const worker = join(import.meta.dirname, 'forwardWorker.js');
  for (const precision of PRECISIONS) {
    const args = [worker, model, precision, String(BATCH), String(LENGTH)];
    const made = Array.from({ length: 3 }, () => JSON.parse(runOrThrow(process.execPath, args)));
    into.forward = { ...into.forward, [precision]: made.sort((a, b) => a.share - b.share)[1] };
    log(`forward, ${precision}: ${JSON.stringify(into.forward[precision])}`);
  }
  save(into);
}

/** One thing at a time grows from the middle of each row, on the small shape. */
const GROWTH = {
  layers: [2, 4, 6, 9, 12],
  tokens: [35, 70, 140, 280],
  batch: [4, 8, 16, 32],
  examples: [64, 128, 256, 512],
  epochs: [1, 2, 4, 8],
} as const;

function grown(what: keyof typeof GROWTH, value: number): JobSpec {
  const { small } = SHAPES;
  const model =
    what === 'layers'
      ? modelOf(`small-${value}`, { ...small, layers: value }, python)
      : modelOf('small', small, python);
  const job = { ...bottleneck(model, 'f32'), examples: BATCH * 6 };
  if (what === 'tokens') return { ...job, length: value };
  if (what === 'batch') return { ...job, batch: value, examples: value * 6 };
  if (what === 'examples') return { ...job, examples: value, epochs: 2 };
  return what === 'epochs' ? { ...job, epochs: value } : job;
}

async function measureGrowth(into: Benchmarks): Promise<void> {
  const cached: Entrant = { name: 'vlgraft shortcut, cached', spec: { method: 'shortcut', cache: 'on' } };
  for (const [what, values] of Object.entries(GROWTH) as [keyof typeof GROWTH, readonly number[]][]) {
    const isJob = what === 'examples' || what === 'epochs';
    for (const value of values) {
      log(`growth, ${what} ${value}`);
      const entrants = [vlgraft, eager, ...(isJob ? [cached] : [])];
      const measured = await alternate(entrants, grown(what, value), 1, log);
      into.growth = { ...into.growth, [what]: { ...into.growth?.[what], [value]: measured } };
      save(into);
    }
    const view = new View(parse(plotSpec(growthPlot(what, into))), { renderer: 'none' });
    writeFileSync(join(root, `docs/images/growth-${what}.svg`), await view.toSVG());
    view.finalize();
  }
}

function save(measured: Benchmarks): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
  writeMarkedSection('benchmarks.md', 'bench', benchmarkTables(measured));
}

const before =
  existsSync(file) && !options.fresh ? (JSON.parse(readFileSync(file, 'utf8')) as Benchmarks) : {};
const measured: Benchmarks = {
  ...before,
  machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`,
};
if (parts.includes('forward')) measureForward(measured);
if (parts.includes('steps')) await measureSteps(measured);
if (parts.includes('job')) await measureJob(measured);
if (parts.includes('checkpointing')) await measureCheckpointing(measured);
if (parts.includes('growth')) await measureGrowth(measured);
save(measured);
console.log(benchmarkTables(measured));
