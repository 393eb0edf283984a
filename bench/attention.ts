// Whether words look at the thing that they name, in the last layer and by attention rollout, on the test set of a VQA
// run on the sample data: npm run bench:attention [-- --run runs/vqa-bottleneck]. docs/report.md has its figures.

import { parseArgs } from 'node:util';
import { streamOutputs } from '../src/backbones/streams.js';
import type { PicturePlace } from '../src/data/sequence.js';
import { fromHost, readTensor, type Tensor, tf } from '../src/engine/index.js';
import { shippedModules } from '../src/modules/shippedModules.js';
import { taskOptions } from '../src/prepare/prepare.js';
import { lookFrom } from '../src/recording/attentionMap.js';
import { type OpenedRun, openRun } from '../src/trained/openRun.js';
import type { VqaExample } from '../tasks/examples.js';

const { values: options } = parseArgs({
  options: { run: { type: 'string', default: 'runs/vqa-bottleneck' } },
});

/** A question that names one thing of its picture. */
interface Named {
  readonly example: VqaExample;
  /** Where in the question. */
  readonly start: number;
  readonly end: number;
  /** Of each box of the picture, whether it shows that thing. */
  readonly shows: readonly boolean[];
}

/** Undefined where no thing of the picture is named, or several, or where the picture shows nothing else. */
function named(example: VqaExample): Named | undefined {
  const { labelNames = [] } = example.picture;
  const found = [...new Set(labelNames)].flatMap((name) => {
    const match = new RegExp(`\\b${name}s?\\b`).exec(example.question);
    return match ? [{ name, start: match.index, end: match.index + match[0].length }] : [];
  });
  const [one, ...others] = found;
  if (!one || others.length > 0) return undefined;
  const shows = labelNames.map((name) => name === one.name);
  return shows.every(Boolean) ? undefined : { example, start: one.start, end: one.end, shows };
}

/** [T, T] of every layer, mean over the heads. */
async function attentionsOf({ model }: OpenedRun, batch: Readonly<Record<string, Tensor>>) {
  const kept: Tensor[] = [];
  tf.tidy(() => {
    const output = model.encode(batch, {
      onAttention: (_place, probabilities) => {
        kept.push(tf.keep(tf.mean(probabilities, 1)));
      },
    });
    // Layers run when what they give is asked for.
    for (const [, { hidden }] of streamOutputs(output)) hidden.shape;
  });
  const layers: (readonly number[])[] = [];
  for (const tensor of kept) {
    layers.push([...(await readTensor(tensor)).data]);
    tensor.dispose();
  }
  return layers;
}

/** Attention rollout: the product over the layers of (attention + identity) / 2 (Abnar and Zuidema 2020, equation 1). */
function rollout(layers: readonly (readonly number[])[], size: number): number[] {
  let flow = Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0));
  for (const layer of layers) {
    const next = new Array<number>(size * size).fill(0);
    for (let row = 0; row < size; row++)
      for (let middle = 0; middle < size; middle++) {
        const weight = (layer[row * size + middle]! + Number(row === middle)) / 2;
        for (let column = 0; column < size; column++)
          next[row * size + column]! += weight * flow[middle * size + column]!;
      }
    flow = next;
  }
  return flow;
}

/** The box that is looked at most. */
function favourite(weights: readonly number[], places: readonly PicturePlace[]): number {
  const boxes = places.flatMap(({ box }, at) => (box === undefined ? [] : [{ box, weight: weights[at]! }]));
  return boxes.reduce((best, one) => (one.weight > best.weight ? one : best)).box;
}

type Looks = Readonly<Record<'word' | 'first position', Readonly<Record<'last layer' | 'rollout', boolean>>>>;

/** Whether the word and the first position look most at what is named. */
async function looksOf(run: OpenedRun, { example, start, end, shows }: Named): Promise<Looks | undefined> {
  const { processor } = run.collator;
  const { question, picture } = example;
  const sequence = await processor.encode({ text: question, pictures: [picture], spans: [{ start, end }] });
  const places = sequence.picturePlaces?.() ?? [];
  const tokens = sequence.spans?.[0];
  if (!tokens || !places.some(({ box }) => box !== undefined)) return undefined;
  const host = processor.collate([sequence], 1);
  const batch = Object.fromEntries(Object.entries(host).map(([name, one]) => [name, fromHost(one)]));
  const layers = await attentionsOf(run, batch);
  for (const tensor of Object.values(batch)) tensor.dispose();
  const before = host.inputIds?.shape[1] ?? 0;
  const size = before + places.length;
  const maps = { 'last layer': layers.at(-1) as readonly number[], rollout: rollout(layers, size) };
  const isFound = (data: readonly number[], from: readonly number[]): boolean => {
    const weights = lookFrom({ rows: size, columns: size, data }, from, size).slice(before);
    return shows[favourite(weights, places)] as boolean;
  };
  const both = (from: readonly number[]) => ({
    'last layer': isFound(maps['last layer'], from),
    rollout: isFound(maps.rollout, from),
  });
  const [first, last] = tokens;
  return {
    word: both(Array.from({ length: last - first + 1 }, (_, at) => first + at)),
    'first position': both([0]),
  };
}

const run = await openRun(options.run, { modules: shippedModules });
const { test } = run.recipe.data;
if (!test) throw new Error(`${options.run} has no test set`);
const { task } = run.model.parts.task;
const examples = (await task.read(taskOptions(run.recipe), test)) as unknown as readonly VqaExample[];
const asked = examples.flatMap((example) => named(example) ?? []);
const looks: Looks[] = [];
let chance = 0;
for (const one of asked) {
  const found = await looksOf(run, one);
  if (!found) continue;
  looks.push(found);
  chance += one.shows.filter(Boolean).length / one.shows.length;
}
const percent = (sum: number): string => `${((100 * sum) / looks.length).toFixed(0)} %`;
console.log(`${looks.length} questions that name one thing of several; by chance ${percent(chance)}`);
for (const from of ['word', 'first position'] as const)
  for (const how of ['last layer', 'rollout'] as const)
    console.log(`${from}, ${how}: ${percent(looks.filter((one) => one[from][how]).length)}`);
run.evaluator.dispose();
run.model.dispose();
await run.collator.processor.close();
