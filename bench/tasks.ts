// Every task with the head alone, bottleneck and shortcut adapters, on the sample data: npm run bench:tasks
// [-- --only nlvr,vqa] [-- --overwrite]. What is finished is not run again. Run folders go to runs/bench/, the tables
// into docs/results.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatDuration } from '../src/base/figures.js';
import { type ShippedRecipe, shippedRecipes } from '../src/recipe/shipped.js';
import type { RunSummary } from '../src/run/summary.js';
import { packageFolder } from '../src/system/packageFolder.js';
import { writeMarkedSection } from './markedSection.js';

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, overwrite: { type: 'boolean', default: false } },
});

const DATA = 'data/emoji-scenes';
const ENDINGS = ['zero-shot', 'head-only', 'shortcut', 'bottleneck'] as const;

const root = packageFolder();
const command = join(root, 'dist/src/cli/main.js');
const folderOf = (name: string): string => `runs/bench/${name}`;

function vlgraft(...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`vlgraft ${args.join(' ')} ended with ${status}`);
}

const endingOf = ({ name }: ShippedRecipe): (typeof ENDINGS)[number] | undefined =>
  ENDINGS.find((ending) => name.endsWith(`-${ending}`));
const groupOf = (recipe: ShippedRecipe): string => recipe.name.slice(0, -(endingOf(recipe)?.length ?? 0) - 1);

const wanted = options.only?.split(',');
const rank = (recipe: ShippedRecipe): number => ENDINGS.indexOf(endingOf(recipe) as (typeof ENDINGS)[number]);
const recipes = shippedRecipes()
  .filter((recipe) => endingOf(recipe) && (!wanted || wanted.includes(groupOf(recipe))))
  .sort((a, b) => groupOf(a).localeCompare(groupOf(b)) || rank(a) - rank(b));

const summaryOf = (name: string): RunSummary =>
  JSON.parse(readFileSync(join(root, folderOf(name), 'summary.json'), 'utf8')) as RunSummary;
const isFinished = (name: string): boolean => existsSync(join(root, folderOf(name), 'summary.json'));

if (!existsSync(join(root, DATA))) vlgraft('data', 'make', 'emoji-scenes', '--output', DATA);
for (const { name } of recipes) {
  if (isFinished(name) && !options.overwrite) continue;
  console.error(`\n${name}`);
  vlgraft('run', name, '--output', folderOf(name), options.overwrite ? '--overwrite' : '--resume');
}

const shares = new Set(['rSum', 'medianRankImage', 'medianRankText']);
const figure = (name: string, value: number | undefined): string => {
  if (value === undefined) return '-';
  return shares.has(name) || value > 1 ? value.toFixed(1) : `${(100 * value).toFixed(1)} %`;
};

function rowsOf(group: readonly ShippedRecipe[]): string[] {
  const summaries = group.map(({ name }) => [name, summaryOf(name)] as const);
  const [first] = summaries as [readonly [string, RunSummary]];
  const { metric, baseline } = first[1];
  const chance = [baseline.validation, baseline.test].map((report) => figure(metric, report?.values[metric]));
  return [
    `| chance | \`${metric}\` | ${chance.join(' | ')} | - | - |`,
    ...summaries.map(([name, { metrics, parameters, seconds }]) => {
      const values = [metrics.validation, metrics.test].map((report) =>
        figure(metric, report?.values[metric]),
      );
      const share = `${(100 * parameters.share).toFixed(1)} %`;
      const trained = name.endsWith('zero-shot') ? 'nothing' : share;
      return `| \`${name}\` | \`${metric}\` | ${values.join(' | ')} | ${trained} | ${formatDuration(seconds.total)} |`;
    }),
  ];
}

function detailsOf(group: readonly ShippedRecipe[]): string[] {
  const columns = group.map(({ name }) => [name, summaryOf(name)] as const);
  const [, { baseline, metric }] = columns[0] as readonly [string, RunSummary];
  const names = Object.keys(columns[0]?.[1].metrics.test?.values ?? {}).filter((name) => name !== metric);
  if (names.length === 0) return [];
  const heads = ['unseen artist', 'chance', ...columns.map(([name]) => `\`${name}\``)];
  const lines = names.map((name) => {
    const values = columns.map(([, { metrics }]) => figure(name, metrics.test?.values[name]));
    return `| ${[`\`${name}\``, figure(name, baseline.test?.values[name]), ...values].join(' | ')} |`;
  });
  return ['', `| ${heads.join(' | ')} |`, `|${'---|'.repeat(heads.length)}`, ...lines];
}

const groups = [...new Set(recipes.map(groupOf))].map((group) =>
  recipes.filter((recipe) => groupOf(recipe) === group),
);
const table = [
  '| recipe | metric | validation | unseen artist | trained | time |',
  '|---|---|---|---|---|---|',
  ...groups.flatMap(rowsOf),
  ...groups.flatMap(detailsOf),
  '',
  `Machine: ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB.`,
].join('\n');

if (!wanted) writeMarkedSection('results.md', 'bench:tasks', table);
console.log(table);
