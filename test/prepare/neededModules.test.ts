import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { shippedModules } from '../../src/modules/shippedModules.js';
import type { AddedModule, Modules } from '../../src/prepare/modules.js';
import { neededModules, requireModules, withoutPlaces } from '../../src/prepare/neededModules.js';
import type { RunSettings } from '../../src/training/settings.js';
import { temporaryFolder } from '../data/pictures.js';

const added: readonly AddedModule[] = [
  { list: 'adapters', kind: 'scale', file: './mine.js' },
  { list: 'adapters', kind: 'unused', file: '/home/somebody/mine.js' },
  { list: 'optimizers', kind: 'lion', file: '/home/somebody/lion.js' },
  { list: 'tasks', kind: 'truth' },
];
const modules: Modules = { ...shippedModules, added };
const settings = {
  adapters: [{ kind: 'scale' }],
  task: { kind: 'multi', tasks: { truth: { kind: 'truth' } } },
  data: { train: {} },
  training: { optimizer: { kind: 'lion' } },
} as unknown as RunSettings;

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe('what a run needs', () => {
  it('is what its recipe names of what was added, without paths of this machine', () => {
    expect(withoutPlaces(neededModules(settings, 'singleStream', modules))).toEqual([
      { list: 'adapters', kind: 'scale', file: './mine.js' },
      { list: 'optimizers', kind: 'lion', file: 'lion.js' },
      { list: 'tasks', kind: 'truth' },
    ]);
  });

  it('is asked for where the run is opened without it, but for what trains', () => {
    const run = join(folder.path, 'run');
    mkdirSync(run);
    const recorded = withoutPlaces(neededModules(settings, 'singleStream', modules));
    writeFileSync(join(run, 'environment.json'), JSON.stringify({ modules: recorded }));
    expect(() => requireModules(run, shippedModules)).toThrow(
      [
        `${run}: the run needs the adapter 'scale' of ./mine.js; --use ./mine.js, in a program use: ["./mine.js"]`,
        `${run}: the run needs the task 'truth' that a program added; in a program modules: { tasks: [...] }, else a file with --use`,
      ].join('\n'),
    );
    const given = {
      ...shippedModules,
      adapters: [{ kind: 'scale' } as never],
      tasks: [{ kind: 'truth' } as never],
    };
    expect(() => requireModules(run, given)).not.toThrow();
  });

  it('is nothing where the folder says nothing that can be read', () => {
    const run = join(folder.path, 'torn');
    mkdirSync(run);
    expect(() => requireModules(run, shippedModules)).not.toThrow();
    writeFileSync(join(run, 'environment.json'), '{"modules": 3');
    expect(() => requireModules(run, shippedModules)).not.toThrow();
  });
});
