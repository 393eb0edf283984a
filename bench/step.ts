// One training step beside PyTorch's, in turns, and beside the wasm engine: npm run bench:step [-- --rounds 3]
// The peer needs a Python with `torch==2.13.0 transformers`: --python PATH (default python3). Results go to stdout and
// bench/results/step.json; docs/benchmarks.md quotes them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '3' },
    python: { type: 'string', default: 'python3' },
    shape: { type: 'string', default: '16,140,12' },
    compile: { type: 'boolean', default: false },
    wasm: { type: 'boolean', default: false },
  },
});

/** Seconds a step, seconds a forward pass, bytes of resident memory at most. */
interface Result {
  readonly train: number;
  readonly forward: number;
  readonly peakMemory: number;
}
type Precision = 'f32' | 'bf16';

const here = import.meta.dirname;
const shape = options.shape.split(',');

function measure(command: string, args: readonly string[]): Result {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Result;
}
const ours = (precision: Precision, backend: string): Result =>
  measure(process.execPath, [join(here, 'stepWorker.js'), ...shape, precision, backend, options.steps]);
const peerScript = join(here, '../../bench/peers/step.py');
const peer = (precision: Precision, mode: string): Result =>
  measure(options.python, [peerScript, ...shape, precision, mode, options.steps]);

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;
const keys = ['train', 'forward', 'peakMemory'] as const;
const medians = (results: readonly Result[]): Result =>
  Object.fromEntries(keys.map((key) => [key, median(results.map((r) => r[key]))])) as unknown as Result;
/** Median over the rounds of peer / ours: above 1 we are faster, or smaller. */
const ratios = (mine: readonly Result[], theirs: readonly Result[]): Result =>
  medians(
    mine.map(
      (m, i) => Object.fromEntries(keys.map((key) => [key, (theirs[i] as Result)[key] / m[key]])) as never,
    ),
  );

const modes = options.compile ? ['eager', 'compile'] : ['eager'];
const report: Record<string, unknown> = { processor: cpus()[0]?.model, cores: cpus().length, shape };
for (const precision of ['f32', 'bf16'] as const) {
  const mine: Result[] = [];
  const theirs: Record<string, Result[]> = Object.fromEntries(modes.map((mode) => [mode, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    mine.push(ours(precision, 'tensorflow'));
    for (const mode of modes) theirs[mode]?.push(peer(precision, mode));
    console.error(`${precision} round ${round + 1}: ${JSON.stringify({ mine: mine.at(-1), ...theirs })}`);
  }
  report[precision] = {
    vlgraft: medians(mine),
    ...Object.fromEntries(
      modes.map((m) => [
        m,
        { ...medians(theirs[m] as Result[]), ratio: ratios(mine, theirs[m] as Result[]) },
      ]),
    ),
  };
}
if (options.wasm) report.wasm = ours('f32', 'wasm');
mkdirSync(join(here, '../../bench/results'), { recursive: true });
writeFileSync(join(here, '../../bench/results/step.json'), `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));
