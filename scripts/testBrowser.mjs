// Runs a CLIP with an adapter in Chromium and compares it with Node: node scripts/testBrowser.mjs [program]
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bin, run } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** The first of those programs that is installed. */
function found() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) =>
    existsSync(path),
  );
}

const program = process.argv[2] ?? found();
if (program === undefined) {
  console.error(
    `no browser: install one of ${NAMES.join(', ')}, or say which: npm run test:browser -- <program>`,
  );
  process.exitCode = 2;
} else {
  process.env.VLGRAFT_CHROMIUM = program;
  process.exitCode = await run(bin('vitest'), ['run', '--maxWorkers=1', 'test/browser/chromium.test.ts']);
}
