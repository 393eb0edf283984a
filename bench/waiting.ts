// How long steps wait for their batches while pictures are new, and when they are known: npm run bench:waiting. Each
// case trains into its second epoch in a process of its own; the table goes into docs/benchmarks.md.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { shippedModules } from '../src/modules/shippedModules.js';
import type { WrittenRecipe } from '../src/recipe/recipe.js';
import { resolveRecipe } from '../src/recipe/validate.js';
import { runRecipe } from '../src/run/runRecipe.js';
import { packageFolder } from '../src/system/packageFolder.js';
import { startSpans, stopSpans } from '../src/system/spans.js';
import { machine, markdownTable, writeMarkedSection } from './markedSection.js';
import { inOwnProcess } from './ownProcess.js';

/** Some steps of a case. */
interface Stretch {
  readonly examples: number;
  readonly seconds: number;
  /** Shares of the seconds. */
  readonly waiting: number;
  readonly mainThread: number;
}

interface Case {
  readonly recipe: WrittenRecipe;
  /** Steps of an epoch, and steps that are measured at the start of the first and of the second one. */
  readonly steps: { readonly epoch: number; readonly measured: number };
}

const SCENES = 'data/emoji-scenes';
const PHOTOS = 192;

const training = (batchSize: number, maxSteps: number): WrittenRecipe['training'] => ({
  maxSteps,
  batchSize,
  optimizer: { kind: 'adamw', learningRate: 1e-3 },
});

function scenes(output: string): Case {
  const data = {
    train: {
      questions: `${SCENES}/v2_OpenEnded_mscoco_train_questions.json`,
      annotations: `${SCENES}/v2_mscoco_train_annotations.json`,
      images: `${SCENES}/images/train`,
      instances: `${SCENES}/instances_train.json`,
    },
    regions: { kind: 'crop-pixels', size: 16 },
    maxTextLength: 24,
  } as const;
  const adapters = [{ kind: 'bottleneck', reductionFactor: 4 }];
  const recipe = { backbone: { from: 'scenes-tiny' }, adapters, task: { kind: 'vqa' }, data };
  const steps = { epoch: 300, measured: 40 };
  return { steps, recipe: { ...recipe, name: 'scenes', output, training: training(64, 340) } };
}

/** A drawing of gradients and circles, 640 x 480. */
function drawing(index: number): Buffer {
  const circles = Array.from({ length: 12 }, (_, at) => {
    const [x, y] = [(index * 97 + at * 53) % 640, (index * 41 + at * 71) % 480];
    return `<circle cx="${x}" cy="${y}" r="${15 + at * 5}" fill="hsl(${(index * 13 + at * 30) % 360},80%,50%)"/>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">
<linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${(index * 31) % 360},60%,60%)"/>
<stop offset="1" stop-color="hsl(${(index * 57) % 360},70%,30%)"/></linearGradient>
<rect width="640" height="480" fill="url(#g)"/>${circles.join('')}</svg>`);
}

const SMALL = { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 6, intermediate_size: 1536 };

async function photos(output: string, backbone: Readonly<Record<string, unknown>>): Promise<Case> {
  const folder = `${output}-data`;
  mkdirSync(folder);
  const ids = Array.from({ length: PHOTOS }, (_, index) => index + 1);
  for (const id of ids) {
    const file = join(folder, `COCO_train2014_${String(id).padStart(12, '0')}.jpg`);
    await sharp(drawing(id)).jpeg({ quality: 90 }).toFile(file);
  }
  const names = ids.map((id) => ({ question_id: id, image_id: id }));
  const answers = (id: number) => Array.from({ length: 10 }, () => ({ answer: id % 2 ? 'yes' : 'no' }));
  const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content));
  const questions = names.map((one) => ({ ...one, question: 'is the circle in the middle red ?' }));
  write('questions.json', { data_subtype: 'train2014', questions });
  const annotations = names.map((one) => ({
    ...one,
    question_type: 'is the',
    answer_type: 'yes/no',
    multiple_choice_answer: one.image_id % 2 ? 'yes' : 'no',
    answers: answers(one.image_id),
  }));
  write('annotations.json', { annotations });
  const train = {
    questions: join(folder, 'questions.json'),
    annotations: join(folder, 'annotations.json'),
    images: folder,
  };
  const recipe = {
    backbone: { create: backbone },
    adapters: [{ kind: 'bottleneck', reductionFactor: 4 }],
    task: { kind: 'vqa', minimumAnswerCount: 1 },
    data: { train, maxTextLength: 16 },
    cache: { mode: 'off' },
  };
  const steps = { epoch: PHOTOS / 16, measured: PHOTOS / 16 };
  const complete = { ...recipe, name: 'photos', output, training: training(16, 2 * steps.epoch) };
  return { steps, recipe: complete as WrittenRecipe };
}

const CASES: Readonly<Record<string, (output: string) => Case | Promise<Case>>> = {
  'emoji-scenes, crops, `scenes-tiny`': scenes,
  'JPEG 640 x 480, CLIP, small': (output) =>
    photos(output, {
      model_type: 'clip',
      text_config: SMALL,
      vision_config: { ...SMALL, image_size: 224, patch_size: 32 },
    }),
  'JPEG 640 x 480, ViLT, small': (output) => photos(output, { model_type: 'vilt', ...SMALL }),
};

/** When a step was done. */
interface Mark {
  readonly at: number;
  readonly done: number;
  readonly use: ReturnType<typeof performance.eventLoopUtilization>;
}

/** Trains; prints one `Stretch` with new and one with known pictures as JSON. */
async function work(name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-waiting-'));
  const made = CASES[name];
  if (!made) throw new Error(`no case ${name}`);
  const { recipe, steps } = await made(join(folder, 'run'));
  const marks: Mark[] = [];
  startSpans();
  await runRecipe(
    resolveRecipe(recipe, { files: false, modules: shippedModules }),
    {
      onProgress: ({ stage, done }) => {
        const use = performance.eventLoopUtilization();
        if (stage === 'train') marks.push({ at: performance.timeOrigin + performance.now(), done, use });
      },
    },
    shippedModules,
  );
  const spans = stopSpans().filter((one) => one.name === 'wait for batch');
  // The first step is traced, so it is not counted.
  const stretches = [1, steps.epoch].map((first): Stretch => {
    const at = (step: number) => marks.find(({ done }) => done === step) as Mark;
    const [from, to] = [at(first), at(first === 1 ? steps.measured : first + steps.measured)];
    const waits = spans.filter(({ start, duration }) => start >= from.at && start + duration <= to.at);
    const seconds = (to.at - from.at) / 1000;
    return {
      examples: (to.done - from.done) * (recipe.training?.batchSize as number),
      seconds,
      waiting: waits.reduce((sum, { duration }) => sum + duration, 0) / 1000 / seconds,
      mainThread: performance.eventLoopUtilization(to.use, from.use).utilization,
    };
  });
  rmSync(folder, { recursive: true });
  console.log(JSON.stringify(stretches));
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function rowsOf(name: string): string[][] {
  const stretches = inOwnProcess<Stretch[]>(fileURLToPath(import.meta.url), [name]);
  return stretches.map(({ examples, seconds, waiting, mainThread }, at) => [
    `${name}: ${at === 0 ? 'new' : 'known'} pictures`,
    (examples / seconds).toFixed(0),
    ((1000 * seconds) / examples).toFixed(2),
    percent(waiting),
    percent(mainThread),
  ]);
}

const [wanted] = process.argv.slice(2);
if (wanted) await work(wanted);
else {
  if (!existsSync(join(packageFolder(), SCENES))) throw new Error(`make ${SCENES} first`);
  const head = ['', 'examples a second', 'ms an example', 'waiting for batches', 'main thread busy'];
  const rows = Object.keys(CASES).flatMap(rowsOf);
  const text = `${markdownTable([head, ...rows])}\n\n${machine()}`;
  writeMarkedSection('benchmarks.md', 'waiting', text);
  console.log(text);
}
