import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { plotSpec } from '../../src/comparison/plotSpec.js';
import { plotsOf } from '../../src/comparison/plots.js';
import { writeComparison } from '../../src/comparison/writeComparison.js';
import { summariseComparison } from '../shipped.js';
import { finished, trialOf } from './summaries.js';

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-comparison-'));
afterAll(() => rmSync(folder, { recursive: true }));

const parameters = (trainable: number) => ({
  parameters: { trainable, frozen: 1e6, share: trainable / 1e6 },
});
const adapters = summariseComparison(
  [
    finished(trialOf('none', 1), 0.6, 0.5, parameters(1e4)),
    finished(trialOf('lora:rank=8', 1), 0.7, 0.6, parameters(1e5)),
    finished(trialOf('a<b&c', 1), 0.65, 0.55, parameters(1e6)),
  ],
  { kind: 'compare', name: 'mine', folder },
);

const sweepOf = (points: readonly (readonly [Record<string, number | string>, number])[]) =>
  summariseComparison(
    points.map(([values, value]) => finished(trialOf(JSON.stringify(values), 1, values), value, value)),
    { kind: 'sweep', name: 'mine', folder },
  );

describe('the files of a comparison', () => {
  it('are the result as JSON, the table, and plots for screens and for print', async () => {
    await writeComparison(adapters);
    expect(JSON.parse(readFileSync(join(folder, 'comparison.json'), 'utf8'))).toEqual(adapters);
    const page = readFileSync(join(folder, 'comparison.md'), 'utf8');
    expect(page).toContain('| lora:rank=8 ');
    const named = [...page.matchAll(/\]\((plots\/[^)]+)\)/g)].map(([, path]) => path!.slice(6));
    expect(named).toEqual(['parameters.svg', 'time.svg', 'memory.svg']);
    expect(
      readdirSync(join(folder, 'plots'))
        .filter((name) => name.endsWith('.svg'))
        .sort(),
    ).toEqual(named.sort());
    const { data, info } = await sharp(join(folder, 'plots/parameters.png'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.width).toBeGreaterThan(1200);
    expect([...data.subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  it('name every adapter in the plot, whatever its name', () => {
    const svg = readFileSync(join(folder, 'plots/parameters.svg'), 'utf8');
    for (const text of ['head only', 'lora:rank=8', 'a&lt;b&amp;c', 'accuracy, test set'])
      expect(svg).toContain(text);
  });
});

/** Pixels of the points of a plot, by the order of the rows. */
const placesOf = (spec: ReturnType<typeof plotSpec>) =>
  (spec.data as unknown as { name: string; values: { x: number; y: number }[] }[]).find(
    ({ name }) => name === 'points',
  )!.values;

describe('the plots', () => {
  it('show costs in their order, parameters by their logarithm', () => {
    const [plot] = plotsOf(adapters);
    const [none, lora, other] = placesOf(plotSpec(plot!.plot));
    expect(lora!.x - none!.x).toBeCloseTo(other!.x - lora!.x, 6);
    expect(lora!.y).toBeLessThan(other!.y);
    expect(other!.y).toBeLessThan(none!.y);
    expect(plot!.plot.reference).toBe(0.5);
  });

  it('of a sweep are one a key, logarithmic where a key spans decades', () => {
    const rates = [1e-4, 1e-3, 1e-2].flatMap((learningRate) =>
      [4, 8].map((width) => [{ learningRate, width }, learningRate * width] as const),
    );
    const [rate, width] = plotsOf(sweepOf(rates)).map(({ plot }) => plot);
    expect(rate).toMatchObject({ x: { kind: 'log' }, lines: true, groupTitle: 'width' });
    expect(new Set(rate?.points.map(({ group }) => group))).toEqual(new Set(['4', '8']));
    expect(width).toMatchObject({
      x: { kind: 'linear' },
      groupTitle: 'learningRate',
      y: { title: 'accuracy, validation set' },
    });
  });

  it('have categories where the values are none of numbers, and no lines between them', () => {
    const [plot] = plotsOf(
      sweepOf([
        [{ fusion: 'add' }, 0.5],
        [{ fusion: 'gate' }, 0.6],
      ]),
    );
    expect(plot?.plot).toMatchObject({ x: { kind: 'category' }, lines: false });
    expect(placesOf(plotSpec(plot!.plot)).map(({ x }) => x)).toEqual([160, 480]);
  });

  it('are left out where there are not two points', () => {
    expect(plotsOf(sweepOf([[{ a: 1 }, 0.5]]))).toEqual([]);
  });
});
