// Whether anything grows in a process that is used for long: npm run soak -- [minutes]. Half of the time is one training,
// half is recipes of every task, trained, loaded again, evaluated and asked, one after the other. Memory, tensors and open
// files are read as they go, straight lines are fitted, and the table goes into docs/reliability.md.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeEmojiScenes } from '../src/data/emojiScenes/makeEmojiScenes.js';
import { tf } from '../src/engine/index.js';
import type { RecipeInput } from '../src/index.js';
import { fineTune, loadRun, type WrittenRecipe } from '../src/index.js';
import { readRecipe } from '../src/recipe/load.js';
import { packageFolder } from '../src/system/packageFolder.js';
import { machine, markdownTable, writeMarkedSection } from './markedSection.js';
import { inOwnProcess } from './ownProcess.js';

/** What a process holds at a moment; bytes, or counts. */
interface Sample {
  readonly minutes: number;
  readonly resident: number;
  readonly heap: number;
  /** Of buffers outside the heap. */
  readonly buffers: number;
  readonly tensors: number;
  readonly files: number;
}

interface Soak {
  readonly what: string;
  readonly samples: readonly Sample[];
}

const RECIPES = [
  'vqa-both',
  'vqa-shortcut',
  'nlvr-bottleneck',
  'grounding-bottleneck',
  'phrase-grounding-shortcut',
  'retrieval-bottleneck',
  'vcr-bottleneck',
  'multi-vqa-nlvr',
];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const openFiles = (): number =>
  process.platform === 'linux' ? readdirSync('/proc/self/fd').length : Number.NaN;

function takeSample(start: number): Sample {
  collectGarbage();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    minutes: (performance.now() - start) / 60_000,
    resident: rss,
    heap: heapUsed,
    buffers: arrayBuffers,
    tensors: tf.memory().numTensors,
    files: openFiles(),
  };
}

/** A shipped recipe on a small data set, for some steps. */
function shortRecipe(name: string, data: string, output: string, maxSteps: number): WrittenRecipe {
  const text = JSON.stringify(readRecipe(name).input).replaceAll('data/emoji-scenes', data);
  const recipe = JSON.parse(text) as WrittenRecipe;
  const { epochs: _epochs, maxSteps: _maxSteps, ...training } = { ...recipe.training };
  return {
    ...recipe,
    output,
    training: { ...training, maxSteps, batchSize: 16 } as WrittenRecipe['training'],
  };
}

/** One training that is stopped when the time is over. */
async function soakTraining(data: string, folder: string, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  const stop = new AbortController();
  const recipe = shortRecipe('vqa-both', data, join(folder, 'long'), 10_000_000);
  let last = 0;
  const onProgress = ({ stage }: { readonly stage: string }) => {
    const now = performance.now() - start;
    if (now > minutes * 60_000) stop.abort();
    if (stage !== 'train' || now - last < 5_000) return;
    last = now;
    samples.push(takeSample(start));
  };
  await fineTune(recipe as RecipeInput, { onProgress, signal: stop.signal, overwrite: true }).catch(
    (error: unknown) => {
      if (!stop.signal.aborted) throw error;
    },
  );
  return samples;
}

/** A recipe trained, loaded, evaluated and let go of. */
async function useOnce(recipe: WrittenRecipe): Promise<void> {
  const { folder } = await fineTune(recipe as RecipeInput, { overwrite: true });
  const run = await loadRun(folder);
  const { test, validation } = run.recipe.data;
  await run.evaluate((test ?? validation)!);
  await run.dispose();
}

/** Recipe after recipe; a sample a round of all of them. */
async function soakRounds(data: string, folder: string, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  do {
    for (const name of RECIPES) await useOnce(shortRecipe(name, data, join(folder, name), 8));
    samples.push(takeSample(start));
    const { resident, tensors, files } = samples.at(-1)!;
    console.error(
      `round ${samples.length}: ${(resident / 2 ** 20).toFixed(0)} MB, ${tensors} tensors, ${files} files`,
    );
  } while (performance.now() - start < minutes * 60_000);
  return samples;
}

/** Slope of the straight line of least squares, and its standard error; a minute. */
function slopeOf(samples: readonly Sample[], value: (sample: Sample) => number) {
  const count = samples.length;
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / count;
  const [x, y] = [samples.map(({ minutes }) => minutes), samples.map(value)];
  const [middleX, middleY] = [mean(x), mean(y)];
  const spread = x.reduce((sum, at) => sum + (at - middleX) ** 2, 0);
  const slope = x.reduce((sum, at, index) => sum + (at - middleX) * (y[index]! - middleY), 0) / spread;
  const residual = x.reduce((sum, at, index) => sum + (y[index]! - middleY - slope * (at - middleX)) ** 2, 0);
  return { slope, error: Math.sqrt(residual / (count - 2) / spread) };
}

const MEBIBYTE = 2 ** 20;

/** First value after the warm-up, last value, and slope of each figure; the first third is warm-up. */
function rowsOf({ what, samples }: Soak): string[][] {
  const measured = samples.slice(Math.ceil(samples.length / 3));
  const row = (name: string, value: (sample: Sample) => number, unit: string, digits: number) => {
    const { slope, error } = slopeOf(measured, value);
    const figure = (sample: Sample | undefined) => `${value(sample!).toFixed(digits)}${unit}`;
    const isKnown = measured.length > 2;
    const told = isKnown
      ? `${slope.toFixed(2)} ± ${(1.96 * error).toFixed(2)}${unit} a minute`
      : 'too few samples';
    return [what, String(measured.length), name, figure(measured[0]), figure(measured.at(-1)), told];
  };
  return [
    row('resident memory', ({ resident }) => resident / MEBIBYTE, ' MB', 0),
    row('JavaScript heap', ({ heap }) => heap / MEBIBYTE, ' MB', 1),
    row('buffers', ({ buffers }) => buffers / MEBIBYTE, ' MB', 1),
    row('tensors', ({ tensors }) => tensors, '', 0),
    row('open files', ({ files }) => files, '', 0),
  ];
}

async function work(kind: string, data: string, minutes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-soak-'));
  try {
    const soak = kind === 'training' ? soakTraining : soakRounds;
    const what = kind === 'training' ? 'one training' : `rounds of ${RECIPES.length} recipes`;
    console.log(JSON.stringify({ what, samples: await soak(data, folder, minutes) } satisfies Soak));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(minutes: number): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'vlgraft-soak-data-'));
  try {
    await makeEmojiScenes({ folder: join(data, 'scenes'), count: 60, seed: 1 });
    const script = fileURLToPath(import.meta.url);
    const soaks = ['training', 'rounds'].map((kind) =>
      inOwnProcess<Soak>(script, [kind, join(data, 'scenes'), String(minutes / 2)]),
    );
    const head = ['what', 'samples', 'figure', 'after warm-up', 'at the end', 'slope'];
    const table = markdownTable([head, ...soaks.flatMap(rowsOf)]);
    console.log(table);
    const text = `${table}\n\n${minutes} minutes by \`npm run soak -- ${minutes}\`; slopes with 95 % intervals. ${machine()}`;
    writeMarkedSection('reliability.md', 'soak', text);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

process.chdir(packageFolder());
const [first = '30', data = '', minutes = ''] = process.argv.slice(2);
if (data) await work(first, data, Number(minutes));
else await main(Number(first));
