import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricFigure } from '../../src/base/figures.js';
import { type RunSummary, type WrittenRecipe, writeReport, writeReportBeside } from '../../src/index.js';
import type { Gallery } from '../../src/recording/gallery.js';
import { readRecords } from '../../src/recording/tensorBoard/record.js';
import { fineTune } from '../shipped.js';
import { HOSTILE, writeReportRecipe } from './reportData.js';

const root = mkdtempSync(join(tmpdir(), 'vlgraft-report-'));
let recipe: WrittenRecipe;
let summary: RunSummary;
let html: string;

const inRun = (...names: string[]) => join(recipe.output as string, ...names);
const readText = (...names: string[]) => readFileSync(inRun(...names), 'utf8');
const lines = () =>
  readText('metrics.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: number; split: string; values: Record<string, number> });

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

beforeAll(async () => {
  recipe = await writeReportRecipe(root);
  summary = await fineTune(recipe);
  html = readText('report.html');
}, 300_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('a run', () => {
  it('leaves its report, what that is made of, timings and event files', () => {
    expect(readdirSync(inRun())).toEqual(
      expect.arrayContaining(['events', 'report', 'report.html', 'timings.jsonl']),
    );
    expect(readdirSync(inRun('report')).sort()).toEqual([
      'data.json',
      'gallery.json',
      'modules.json',
      'outcomes_test.json',
      'outcomes_validation.json',
    ]);
    const [events = ''] = readdirSync(inRun('events'));
    expect([...readRecords(readFileSync(inRun('events', events)))]).toHaveLength(1 + lines().length);
    const timings = readText('timings.jsonl').trim().split('\n');
    expect(timings).toHaveLength(lines().length);
  });

  it('keeps the outcomes of the best evaluation, which add up to its metrics', () => {
    const outcomes = JSON.parse(readText('report', 'outcomes_validation.json'));
    expect(outcomes.step).toBe(summary.best!.step);
    const { sums } = outcomes.metrics.accuracy as { sums: number[] };
    const mean = sums.reduce((total, value) => total + value, 0) / sums.length;
    expect(mean).toBeCloseTo(summary.metrics.validation!.values.accuracy!, 12);
  });
});

describe('the page', () => {
  it('has the figures of summary.json', () => {
    const { accuracy } = summary.metrics.test!.values;
    expect(html).toContain(`<strong>${metricFigure(accuracy!)}</strong>`);
    for (const split of ['validation', 'test'] as const) {
      const { values, loss } = summary.metrics[split]!;
      const table = html.split(`<caption>${split} set</caption>`)[1]!.split('</table>')[0]!;
      expect(table).toContain(`<th scope="row">accuracy</th><td>${metricFigure(values.accuracy!)}</td>`);
      expect(table).toContain(`<th scope="row">loss</th><td>${metricFigure(loss!)}</td>`);
      expect(table).toContain(`<td>${metricFigure(summary.baseline[split]!.values.accuracy!)}</td>`);
    }
    for (const { value, count } of Object.values(summary.metrics.test!.groups!.questionType!))
      expect(html).toMatch(new RegExp(`<td>${metricFigure(value)}</td>.*?<td>${count}</td>`));
    expect(html).toContain(
      `<strong>${summary.parameters.trainable.toLocaleString('en').replaceAll(',', ' ')}</strong>`,
    );
  });

  it('has the curves of metrics.jsonl, as lines and in words', () => {
    const train = lines().filter(({ split }) => split === 'train');
    const [first, last] = [train[0]!, train.at(-1)!];
    const words = `loss: training ${metricFigure(first.values.loss!)} at step 1, ${metricFigure(last.values.loss!)} at step 24`;
    expect(html).toContain(`aria-label="${words}`);
    for (const name of ['gradient norm', 'learning rate', 'examples per second', 'validation accuracy'])
      expect(html).toContain(`<figcaption>${name}</figcaption>`);
    const rows = lines().filter(({ split }) => split === 'validation');
    for (const { step, values } of rows)
      expect(html).toContain(`<th scope="row">${step}</th><td>${metricFigure(values.loss!)}</td>`);
  });

  it('shows the predictions of predictions_test.json, right where the metric says so', () => {
    const gallery = JSON.parse(readText('report', 'gallery.json')) as Gallery;
    const predictions = JSON.parse(readText('predictions_test.json')) as { id: string; answer: string }[];
    const outcomes = JSON.parse(readText('report', 'outcomes_test.json'));
    expect(gallery.split).toBe('test');
    expect(gallery.examples.length).toBeGreaterThan(10);
    for (const { id, right, choices, pictures, looks } of gallery.examples) {
      const { answer } = predictions.find((one) => one.id === id)!;
      expect(choices[0]!.choices.find(({ chosen }) => chosen)!.text).toBe(answer);
      expect(right).toBe(outcomes.right[outcomes.ids.indexOf(id)] === 1);
      expect(gallery.pictures[pictures[0]!.picture]).toMatchObject({ width: 24, height: 16 });
      for (const { from } of looks)
        for (const { weights } of from)
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 3);
    }
    expect(html.match(/<article /g)).toHaveLength(gallery.examples.length);
  });

  it('marks what the recipe chose, and not what it left at its default', () => {
    const marked = [...html.matchAll(/<b>● +&quot;(\w+)&quot;/g)].map(([, key]) => key);
    expect(marked).toEqual(
      expect.arrayContaining(['reductionFactor', 'maxSteps', 'batchSize', 'learningRate']),
    );
    for (const key of ['variant', 'beta1', 'seed', 'minimumAnswerCount']) expect(marked).not.toContain(key);
    expect(html).toContain('&quot;beta1&quot;: 0.9');
  });

  it('says nothing as markup that came from data', () => {
    expect(html).toContain(escaped(HOSTILE.question));
    expect(html).toContain(escaped(HOSTILE.answer));
    expect(html).toContain(escaped(HOSTILE.name));
    expect(html).not.toMatch(/<script|<img|<b onclick|<i>/i);
    const tags = [...html.matchAll(/<[a-z][^<>]*>/gi)].map(([tag]) => tag);
    expect(tags.filter((tag) => /\son\w+=/i.test(tag.replace(/"[^"]*"/g, '""')))).toEqual([]);
  });

  it('loads nothing, and says so to the browser', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(
      html.match(/\s(?:src|href|xlink:href|action|data)="(?!#|data:image\/webp;base64,)[^"]*"/g),
    ).toBeNull();
    expect(html).not.toMatch(/<link|<iframe|<object|<script|@import|url\(|https?:\/\/|\sstyle="/i);
  });

  it('has landmarks, headings in order, ids that are unique and links that lead somewhere', () => {
    for (const tag of ['header', 'nav', 'main', 'footer']) expect(html).toContain(`<${tag}`);
    const levels = [...html.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    levels.slice(1).forEach((level, at) => {
      expect(level).toBeLessThanOrEqual(levels[at]! + 1);
      expect(level).toBeGreaterThan(1);
    });
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...html.matchAll(/\shref="#([^"]*)"/g)].map(([, id]) => id!);
    expect(targets.filter((id) => !ids.includes(id))).toEqual([]);
    for (const [tag] of html.matchAll(/<svg[^>]*class="drawing"[^>]*>/g))
      expect(tag).toMatch(/role="img" aria-label="[^"]+"/);
  });

  it('is the same bytes from the same folder', async () => {
    const { file, runs } = await writeReport(inRun());
    expect(file).toBe(inRun('report.html'));
    expect(readText('report.html')).toBe(html);
    const [facts] = runs;
    expect(facts!.headline).toMatchObject({
      metric: 'accuracy',
      split: 'test',
      value: summary.metrics.test!.values.accuracy,
      baseline: summary.baseline.test!.values.accuracy,
    });
    expect(facts!.headline!.interval!.examples).toBe(33);
    const { modules, trainable, frozen } = facts!.parameters;
    const total = (of: 'trainable' | 'frozen') => modules.reduce((sum, one) => sum + one[of], 0);
    expect([total('trainable'), total('frozen')]).toEqual([trainable, frozen]);
    expect(facts!.data!.test).toMatchObject({
      examples: 33,
      pictures: { count: 33, width: { least: 24, most: 24 }, height: { median: 16 } },
      answers: { examples: 33, different: 3 },
    });
  });

  it('is made without what runs of earlier versions did not keep', async () => {
    const old = join(root, 'old');
    cpSync(inRun(), old, { recursive: true });
    for (const name of ['report', 'report.html', 'timings.jsonl', 'environment.json'])
      rmSync(join(old, name), { recursive: true });
    const { runs } = await writeReport(old);
    expect(runs[0]!.headline!.interval).toBeUndefined();
    expect(readFileSync(join(old, 'report.html'), 'utf8')).toContain('<h2 id="curves-title">');
  });
});

describe('values that are not usual', () => {
  const changed = (name: string) => {
    const copy = join(root, name);
    cpSync(inRun(), copy, { recursive: true });
    return copy;
  };

  it('are shown as missing where they were not finite', async () => {
    const copy = changed('notFinite');
    const file = join(copy, 'metrics.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const nulls = lines.map((line) => line.replace(/("accuracy":)[\d.e-]+/, '$1null'));
    expect(nulls).not.toEqual(lines);
    writeFileSync(file, `${nulls.join('\n')}\n`);
    await writeReport(copy);
    expect(readFileSync(join(copy, 'report.html'), 'utf8')).toContain('<td>–</td>');
  });

  it('may be called as what every object has', async () => {
    const copy = changed('inherited');
    const file = join(copy, 'summary.json');
    const summary = JSON.parse(readFileSync(file, 'utf8'));
    summary.metrics.test.values = { ...summary.metrics.test.values, hasOwnProperty: 0.25 };
    writeFileSync(file, JSON.stringify(summary));
    const { runs } = await writeReport(copy);
    expect(runs[0]!.splits.test?.metrics.hasOwnProperty).toEqual({ value: 0.25 });
  });
});

describe('what can not be reported', () => {
  it('is named: folders that hold no finished run, all at once', async () => {
    const empty = join(root, 'empty');
    await expect(writeReport(empty)).rejects.toThrow(/empty: this is not a run folder/);
    const beside = writeReportBeside([empty, inRun(), join(root, 'none')], { file: join(root, 'x.html') });
    await expect(beside).rejects.toThrow(/empty: .*\n.*none: /);
  });

  it('is a file that is something else than a report', async () => {
    const file = join(root, 'notes.html');
    writeFileSync(file, '<p>mine</p>');
    await expect(writeReport(inRun(), { file })).rejects.toThrow(/there already, and is not a report/);
    expect(readFileSync(file, 'utf8')).toBe('<p>mine</p>');
  });
});

describe('runs beside each other', () => {
  let other: RunSummary;
  const file = join(root, 'beside.html');
  beforeAll(async () => {
    const { test: _test, ...data } = recipe.data;
    other = await fineTune({ ...recipe, seed: 2, adapters: [], output: join(root, 'other') });
    await fineTune({
      ...recipe,
      data,
      output: join(root, 'validated'),
      training: { maxSteps: 2, batchSize: 6 },
    });
  }, 300_000);

  it('are held against the first one, on the same examples', async () => {
    const { differences } = await writeReportBeside([inRun(), join(root, 'other')], { file });
    const row = differences!.metrics.find(({ metric, split }) => metric === 'accuracy' && split === 'test')!;
    const [first, second] = [summary, other].map(({ metrics }) => metrics.test!.values.accuracy!);
    expect(row.runs[0]).toEqual({ value: first });
    expect(row.runs[1]!.difference).toBeCloseTo(second! - first!, 12);
    expect(row.runs[1]!.interval!.low).toBeLessThanOrEqual(second! - first!);
    expect(row.runs[1]!.interval!.high).toBeGreaterThanOrEqual(second! - first!);
    expect(differences!.recipe.map(({ key }) => key).sort()).toEqual(['adapters[0]', 'seed']);
    const { examples, allRight, noneRight, onlyRight } = differences!.agreement!;
    expect(examples).toBe(33);
    expect(allRight + noneRight + onlyRight[0]! + onlyRight[1]!).toBe(33);
    expect(allRight + onlyRight[1]!).toBeCloseTo(33 * second!, 9);
  });

  it('stand on one page: overlaid curves, the same examples, what differs', () => {
    const page = readFileSync(file, 'utf8');
    expect(page.match(/<article /g)!.length).toBeGreaterThanOrEqual(12);
    expect(page).toContain('<figcaption>loss, training</figcaption>');
    expect(page).toContain('var(--series-2)');
    expect(page).toContain('<th scope="row">adapters[0]</th>');
    expect(page).not.toMatch(/<script|<img|https?:\/\//i);
  });

  it('may be measured on different splits', async () => {
    const { differences, runs } = await writeReportBeside([inRun(), join(root, 'validated')], { file });
    expect(runs[1]!.headline!.split).toBe('validation');
    const row = differences!.metrics.find(({ split }) => split === 'test')!;
    expect(row.runs[1]).toEqual({});
    expect(differences!.agreement!.split).toBe('validation');
  });

  it('without a test set shows the validation set as the best evaluation predicted it', () => {
    const folder = join(root, 'validated');
    const gallery = JSON.parse(readFileSync(join(folder, 'report/gallery.json'), 'utf8')) as Gallery;
    expect(gallery.split).toBe('validation');
    expect(gallery.examples.length).toBe(12);
    expect(readdirSync(folder)).toContain('predictions_validation.json');
    expect(readdirSync(inRun())).not.toContain('predictions_validation.json');
  });
});
