import { build } from './build.mjs';
import { run } from './run.mjs';

process.exitCode =
  (await build()) ||
  (await run(process.execPath, ['dist/src/cli/main.js', 'quickstart', ...process.argv.slice(2)]));
