import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { bin, root, run } from './run.mjs';
import { setup } from './setup.mjs';

/** Runs one check under a heading and says how long it took; returns whether it passed. */
async function check(name, work) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const code = await work();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== ${name}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
  return code === 0;
}

async function installEngine() {
  const main = join(root, 'dist/src/cli/main.js');
  const code = existsSync(main) ? await run(process.execPath, [main, 'engine', 'install']) : 1;
  if (code === 130) process.exit(130);
  if (code !== 0) console.log('the engine is not installed: the tests run on the wasm backend alone');
}

const LONGEST = 10;

/** Says which test files took longest, so that it is seen where one grows. */
function tellLongest(report) {
  if (!existsSync(report)) return;
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const times = testResults.map(({ name, startTime, endTime }) => [
    relative(root, name),
    endTime - startTime,
  ]);
  console.log('\nlongest test files, in seconds:');
  for (const [name, time] of times.sort(([, a], [, b]) => b - a).slice(0, LONGEST))
    console.log(`${(time / 1000).toFixed(1).padStart(7)}  ${name}`);
}

/** How many tests passed and failed; a test file that could not run counts as one failure. */
function countTests(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}

const checks = [
  ['types', () => run(bin('tsc'), ['--noEmit'])],
  ['lint and format', () => run(bin('biome'), ['check', '--error-on-warnings', '.'])],
  ['unused code', () => run(bin('knip'), [])],
  ['build', build],
];

async function runTests(report) {
  const progress = join(root, 'scripts/testProgress.mjs');
  const reporters = ['default', 'json', progress].map((name) => `--reporter=${name}`);
  return run(bin('vitest'), ['run', ...reporters, `--outputFile.json=${report}`, ...process.argv.slice(2)]);
}

async function main() {
  const failed = [];
  if (!(await check('packages', setup))) return 1;
  for (const [name, work] of checks) if (!(await check(name, work))) failed.push(name);
  console.log('\n== engine');
  await installEngine();
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-test-'));
  const report = join(folder, 'report.json');
  if (!(await check('tests', () => runTests(report)))) failed.push('tests');
  tellLongest(report);
  const { passed, failed: failedTests } = countTests(report);
  rmSync(folder, { recursive: true, force: true });
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  console.log(`${passed} passed, ${failedTests} failed`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main();
