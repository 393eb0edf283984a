import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFolderLocked } from '../../src/checkpoints/folderLock.js';
import { writeMarker } from '../../src/checkpoints/folderMarker.js';
import { sweepVariants } from '../../src/comparison/sweepVariants.js';
import { folderName } from '../../src/comparison/trials.js';
import { applyOverrides } from '../../src/recipe/override.js';
import { parseRecipe } from '../../src/recipe/source.js';
import { makeRecipeFolder, minimal, problemsOf } from '../recipe/recipeFolder.js';
import { adapterVariants, planTrials } from '../shipped.js';

const before = process.cwd();
let remove: () => void;
beforeAll(() => {
  const made = makeRecipeFolder();
  remove = made.remove;
  process.chdir(made.folder);
});
afterAll(() => {
  process.chdir(before);
  remove();
});

const recipe = (...settings: string[]) =>
  applyOverrides(parseRecipe(minimal, 'r.json'), [
    'data.test={"questions":"questions.json","images":"pictures"}',
    ...settings,
  ]);

describe('trials', () => {
  it('are complete recipes, seed by seed, each with a folder of its own', () => {
    const trials = planTrials(recipe(), adapterVariants(['none,bottleneck:reductionFactor=4']), {
      seeds: [7, 8],
      output: 'out',
    });
    expect(
      trials.map(({ recipe: { output, seed, name, adapters } }) => [output, seed, name, adapters.length]),
    ).toEqual([
      ['out/none/seed-7', 7, 'first-none-seed-7', 0],
      ['out/bottleneck-reductionFactor=4/seed-7', 7, 'first-bottleneck-reductionFactor-4-seed-7', 1],
      ['out/none/seed-8', 8, 'first-none-seed-8', 0],
      ['out/bottleneck-reductionFactor=4/seed-8', 8, 'first-bottleneck-reductionFactor-4-seed-8', 1],
    ]);
    expect(trials[1]?.recipe.adapters).toEqual([
      expect.objectContaining({ kind: 'bottleneck', reductionFactor: 4, activation: 'gelu' }),
    ]);
  });

  it("take the recipe's seed where none is given, and what --set says", () => {
    const [trial] = planTrials(
      recipe('seed=5', 'training.epochs=9'),
      sweepVariants({ grid: { 'training.batchSize': [4] } }),
      { output: 'out' },
    );
    expect(trial?.recipe).toMatchObject({ seed: 5, training: { epochs: 9, batchSize: 4 } });
  });

  it('replace epochs by steps, as --set does', () => {
    const [trial] = planTrials(recipe(), sweepVariants({ grid: { 'training.maxSteps': [3] } }), {
      output: 'out',
    });
    expect(trial?.recipe.training).toMatchObject({ maxSteps: 3 });
    expect(trial?.recipe.training).not.toHaveProperty('epochs');
  });
});

describe('what is wrong', () => {
  it('is told of recipe, variants and seeds at once, each problem once', () => {
    const text = minimal.replace('"epochs": 2', '"epochs": -2');
    const parsed = applyOverrides(parseRecipe(text, 'r.json'), ['output=x', 'training.batchSise=3']);
    const variants = adapterVariants(['botleneck,bottleneck:reductionfactor=4,none,none']);
    expect(problemsOf(() => planTrials(parsed, variants, { seeds: [1, 1, -1], output: 'out' }))).toEqual([
      '--set output=x: each trial has a folder of its own; --output',
      'r.json data: there is nothing to compare by; add data.validation or data.test',
      '--adapters none: it is given twice',
      '--seeds: -1 is not a seed; a whole number from 0 to 4294967295',
      '--seeds: 1 is given twice',
      '--adapters botleneck adapters[0].kind: unknown kind "botleneck"; did you mean "bottleneck"?',
      '--set training.batchSise=3 training.batchSise: unknown key; did you mean "batchSize"?',
      expect.stringMatching(/^r\.json:13:\d+ training\.epochs: it is -2; at least 0$/),
      '--adapters bottleneck:reductionfactor=4 adapters[0].reductionfactor: unknown key; did you mean "reductionFactor"?',
    ]);
  });

  it('is told of the recipe too where no variant can be read', () => {
    const problems = problemsOf(() =>
      planTrials(recipe('training.epochs=-2'), adapterVariants(['4']), { output: 'out' }),
    );
    expect(problems).toEqual([
      expect.stringMatching(/^--adapters 4: "4" is not an adapter/),
      '--set training.epochs=-2 training.epochs: it is -2; at least 0',
    ]);
  });

  it('is a trial that another recipe left in the folder, unless it is to be overwritten', () => {
    const options = { output: 'earlier' };
    const [trial] = planTrials(recipe(), adapterVariants(['none']), options);
    mkdirSync(trial!.recipe.output, { recursive: true });
    writeFileSync(join(trial!.recipe.output, 'recipe.json'), JSON.stringify(trial!.recipe));
    writeFileSync(join(trial!.recipe.output, 'summary.json'), '{}');
    writeMarker(trial!.recipe.output, {
      kind: 'run',
      finished: true,
      files: ['recipe.json', 'summary.json'],
    });
    expect(planTrials(recipe(), adapterVariants(['none']), options)).toHaveLength(1);
    const changed = () => planTrials(recipe('training.epochs=3'), adapterVariants(['none']), options);
    expect(problemsOf(changed)).toEqual([
      'earlier/none/seed-1/recipe.json training.epochs: it was 2 in the run that lies here, it is 3 now; choose another output, or overwrite',
    ]);
    expect(
      planTrials(recipe('training.epochs=3'), adapterVariants(['none']), { ...options, overwrite: true }),
    ).toHaveLength(1);
  });

  it('is a folder that can not be written', async () => {
    writeFileSync('file', '');
    const work = withFolderLocked('file/out', async () => {});
    await expect(work).rejects.toThrow(/^file\/out: /);
    expect(readFileSync('file', 'utf8')).toBe('');
  });
});

describe('the folder of a variant', () => {
  it.each([
    ['none', 'none'],
    ['lora:rank=8,alpha=16+bottleneck', 'lora-rank=8,alpha=16+bottleneck'],
    ['learningRate=0.0001', 'learningRate=0.0001'],
  ])('%s is called %s', (name, folder) => expect(folderName(name)).toBe(folder));

  it('tells variants apart that need other letters, or many', () => {
    const names = [
      'a:b=[0,1]',
      'a:b=[0;1]',
      `a:b=${'x'.repeat(200)}`,
      `a:b=${'x'.repeat(201)}`,
      '../../etc',
      '..',
      'a:b=/x',
    ];
    const folders = names.map(folderName);
    expect(new Set(folders).size).toBe(names.length);
    for (const folder of folders) expect(folder).toMatch(/^[\w=,+-][\w.=,+-]{0,79}$/);
  });
});
