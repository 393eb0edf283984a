import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration, grouped, percent } from '../../base/figures.js';
import type { RunSummary } from '../../run/summary.js';
import { followedRun } from '../followedRun.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';
import { makeData } from './data.js';
import { installWithProgress } from './engine.js';

const DATA = 'data/emoji-scenes';
const RECIPES = ['vqa-head-only', 'vqa-bottleneck'] as const;
const TITLES: Readonly<Record<(typeof RECIPES)[number], string>> = {
  'vqa-head-only': 'head only',
  'vqa-bottleneck': 'bottleneck adapter',
};

/** Installs the engine unless there is one; where it can't be had, the slower one serves. */
async function prepareEngine(shell: Shell): Promise<void> {
  const { locateEngine } = await import('../../engine/install/locate.js');
  const { EngineInstallError } = await import('../../engine/install/engineInstallError.js');
  if (process.env.VLGRAFT_BACKEND === 'wasm' || locateEngine().found) return;
  shell.log('installing the engine (vlgraft engine install)');
  try {
    await installWithProgress(shell, { device: 'cpu' });
  } catch (error) {
    if (!(error instanceof EngineInstallError)) throw error;
    shell.log(error.message);
  }
}

async function prepareData(shell: Shell): Promise<void> {
  if (existsSync(join(DATA, 'dataset.json'))) return;
  shell.log(`drawing the sample data into ${DATA} (vlgraft data make emoji-scenes)`);
  await makeData(shell, { output: DATA });
}

/** Runs one shipped recipe: on from where an earlier quickstart was interrupted, else afresh. */
async function runShipped(shell: Shell, name: string): Promise<RunSummary> {
  const { readRecipe } = await import('../../recipe/load.js');
  const { resolveRecipe } = await import('../../recipe/validate.js');
  const { input, source } = readRecipe(name);
  shell.log(`running ${name} (vlgraft run ${name})`);
  const recipe = resolveRecipe(input, { source, modules: await shell.modules() });
  const isFinished = existsSync(join(recipe.output, 'summary.json'));
  return followedRun(
    shell,
    recipe,
    isFinished ? { overwrite: true } : { resume: true },
    'vlgraft quickstart',
  );
}

const share = (value: number | undefined): string => (value === undefined ? '-' : percent(value));

function tableOf(summaries: readonly (readonly [string, RunSummary])[]): string {
  const majority = summaries[0]?.[1].baseline.test?.values.accuracy;
  const rows = summaries.map(([title, { metrics, parameters, seconds }]) => [
    title,
    share(metrics.test?.values.accuracy),
    grouped(parameters.trainable),
    percent(parameters.share),
    formatDuration(seconds.total),
  ]);
  return formatTable([
    ['', 'accuracy', 'trained', 'of all', 'time'],
    ['majority answer', share(majority), '0', percent(0), '-'],
    ...rows,
  ]);
}

const PICTURES = join(DATA, 'images/test');

function next(folder: string): string {
  const picture = join(PICTURES, readdirSync(PICTURES).sort()[0] ?? 'picture.png');
  return [
    'Accuracy is that of VQA v2, on pictures by an artist that training never saw.',
    `Reports: ${RECIPES.map((name) => join('runs', name, 'report.html')).join(', ')}`,
    '',
    'What to try next:',
    `  vlgraft predict ${folder} --text "How many apples are there?" --picture ${picture}`,
    `  vlgraft evaluate ${folder}`,
    '  vlgraft run vqa-shortcut',
    '  vlgraft recipes cp vqa-bottleneck my-recipe.json',
  ].join('\n');
}

async function quickstart(shell: Shell): Promise<void> {
  await prepareEngine(shell);
  await prepareData(shell);
  const summaries: [string, RunSummary][] = [];
  for (const name of RECIPES) summaries.push([TITLES[name], await runShipped(shell, name)]);
  const folder = summaries.at(-1)?.[1].folder ?? 'runs';
  shell.result({ runs: summaries.map(([, summary]) => summary) }, `${tableOf(summaries)}\n\n${next(folder)}`);
}

/** `vlgraft quickstart` */
export const addQuickstart: AddVerb = (parent) => {
  parent
    .command('quickstart')
    .summary('from nothing to a fine-tuned adapter')
    .description(
      'Installs the engine, draws sample data, fine-tunes a head and an adapter for visual question answering ' +
        'on the shipped backbone, and compares them. Works in the current folder, under data and runs.',
    )
    .addHelpText('after', examples('vlgraft quickstart', 'vlgraft quickstart --json --quiet'))
    .action(action(quickstart));
};
