import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longestFirst.js';

/** Tests that start the built command line or program: `dist` is built before them. */
const processes = [
  'test/cli/{adapters,cli,compare,dataCheck,doctor,new,outputs,plan,run,shells,stops}.test.ts',
  'test/cli/{twoProcesses,wizardTerminal}.test.ts',
  'test/{fuzz,readme}.test.ts',
  'test/engine/process.test.ts',
  'test/packaging/*.test.ts',
  'test/reliability/*.test.ts',
];

/** Tests that need an engine of their own: another backend than the rest, or one that nothing has used yet. */
const ownEngine = ['test/**/*wasm.test.ts', 'test/engine/**/*.test.ts'];

const common = {
  // Modules and the engine are loaded once a worker; once a file, that took a third of the time.
  isolate: false,
  pool: 'forks',
  // Engines that share cores wait for each other and spin: one thread each.
  env: { VLGRAFT_THREADS: process.env.VLGRAFT_THREADS ?? '1' },
  testTimeout: 300_000,
  hookTimeout: 300_000,
  setupFiles: 'test/withoutSync.ts',
} as const;

/** Sources are tested, not `dist`: what package.json imports by conditions is taken from there too. */
const conditions = ['vlgraft-source', 'node'];
const resolve = { conditions };
const ssr = { resolve: { conditions } };

export default defineConfig({
  test: {
    // Here alone, so that --maxWorkers counts. One more than cores: some tests wait for terminals and processes.
    maxWorkers: Math.min(availableParallelism() + 1, 8),
    sequence: { sequencer: LongestFirst },
    experimental: { fsModuleCache: true },
    projects: [
      {
        resolve,
        ssr,
        test: { ...common, name: 'processes', include: processes, globalSetup: 'test/buildOnce.ts' },
      },
      {
        resolve,
        ssr,
        test: { ...common, name: 'own engine', include: ownEngine, exclude: processes, isolate: true },
      },
      {
        resolve,
        ssr,
        test: {
          ...common,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...processes, ...ownEngine],
        },
      },
    ],
  },
});
