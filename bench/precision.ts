// What the precision of the frozen weights costs and saves: npm run bench:precision [-- --run runs/vqa-bottleneck]
// [--python PATH]. The run is evaluated in each precision, and a backbone of BERT-base's shape reads one batch, each in a
// process of its own; the tables go into docs/benchmarks.md.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadBackbone } from '../src/backbones/load.js';
import { type Precision, startEngine } from '../src/engine/index.js';
import { createCollator } from '../src/model/batch.js';
import { createEvaluator, evaluate, predictAll } from '../src/model/evaluate.js';
import { createFrozenStore } from '../src/model/frozenStore.js';
import { createModel } from '../src/model/model.js';
import { shippedModules } from '../src/modules/shippedModules.js';
import { peakMemoryBytes } from '../src/prepare/environment.js';
import { openRun } from '../src/trained/openRun.js';
import type { AnyTask } from '../tasks/task.js';
import { SHAPES } from './jobSpec.js';
import { machine, markdownTable, writeMarkedSection } from './markedSection.js';
import { modelOf } from './models.js';
import { inOwnProcess } from './ownProcess.js';
import { tokenProcessor, tokenTask } from './tokenTask.js';

const { values: options } = parseArgs({
  options: {
    run: { type: 'string', default: 'runs/vqa-bottleneck' },
    python: { type: 'string', default: 'python3' },
    work: { type: 'string' },
    precision: { type: 'string', default: 'f32' },
    model: { type: 'string', default: '' },
  },
});

const PRECISIONS: readonly Precision[] = ['f32', 'bf16', 'int8'];

/** Examples of the test set. */
const EXAMPLES = 2400;

interface RunResult {
  readonly accuracy: number;
  /** Answer of each example, and its probability as the score. */
  readonly answers: readonly { readonly answer: string; readonly score: number }[];
  readonly peakMemory: number;
  readonly seconds: number;
}

async function evaluateRun(precision: Precision): Promise<RunResult> {
  const opened = await openRun(options.run, { precision, modules: shippedModules });
  const { recipe, model, evaluator, collator } = opened;
  const { task, options: taskOptions } = model.parts.task;
  const examples = (await task.read(taskOptions, recipe.data.test as never)).slice(0, EXAMPLES);
  const how = { batchSize: recipe.training.batchSize, seed: recipe.seed, stage: 'evaluate' };
  const start = performance.now();
  const { report, predictions } = await evaluate(model, evaluator, collator, examples, how);
  const seconds = (performance.now() - start) / 1000;
  await collator.processor.close();
  const answers = predictions as unknown as RunResult['answers'];
  const { name } = task.metric;
  return {
    accuracy: report.values[name] as number,
    answers: answers.map(({ answer, score }) => ({ answer, score })),
    peakMemory: peakMemoryBytes(),
    seconds,
  };
}

/** Peak memory after one batch of 16 texts of 140 tokens. */
async function readBatch(precision: Precision): Promise<{ readonly peakMemory: number }> {
  await startEngine();
  const backbone = loadBackbone(options.model, shippedModules.backbones);
  const task = { task: tokenTask as unknown as AnyTask, options: {}, state: null };
  const parts = { backbone, attached: [], task, precision, seed: 1 };
  const model = createModel(parts, createFrozenStore(backbone, precision));
  const examples = await task.task.read({}, { count: 16, length: 140 });
  const how = { batchSize: 16, seed: 1, stage: 'batch' };
  await predictAll(model, createEvaluator(model), createCollator(task, tokenProcessor), examples, how);
  return { peakMemory: peakMemoryBytes() };
}

const inProcess = <Result>(work: string, precision: Precision, ...more: readonly string[]): Result =>
  inOwnProcess(fileURLToPath(import.meta.url), ['--work', work, '--precision', precision, ...more]);

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

function compareAll(): string {
  const base = modelOf('base', SHAPES.base, options.python);
  const results = PRECISIONS.map((precision) => inProcess<RunResult>('run', precision, '--run', options.run));
  const first = (results[0] as RunResult).answers;
  const rows = results.map(({ accuracy, answers, peakMemory, seconds }, at) => {
    const same = answers.filter(({ answer }, index) => answer === first[index]?.answer);
    const differences = answers.flatMap(({ answer, score }, index) => {
      const other = first[index];
      return other?.answer === answer ? [Math.abs(score - other.score)] : [];
    });
    const precision = PRECISIONS[at] as Precision;
    const { peakMemory: ofBase } = inProcess<{ peakMemory: number }>('batch', precision, '--model', base);
    return [
      precision,
      percent(accuracy),
      percent(same.length / answers.length),
      Math.max(...differences).toFixed(4),
      megabytes(peakMemory),
      `${seconds.toFixed(1)} s`,
      megabytes(ofBase),
    ];
  });
  const head = [
    '',
    'accuracy',
    'same answer as f32',
    'largest difference of its probability where it is the same',
    'peak memory',
    'time',
    'peak memory, BERT-base',
  ];
  return `${markdownTable([head, ...rows])}\n\n${first.length} questions of \`${options.run}\`. ${machine()}`;
}

const precision = options.precision as Precision;
if (options.work === 'run') console.log(JSON.stringify(await evaluateRun(precision)));
else if (options.work === 'batch') console.log(JSON.stringify(await readBatch(precision)));
else {
  const text = compareAll();
  writeMarkedSection('benchmarks.md', 'precision', text);
  console.log(text);
}
