import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { changedFiles, isCommit, modulesOf } from './changed.mjs';
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

/** Prints the ten longest of what has a name and milliseconds. */
function tellTimes(what, times) {
  console.log(`\nlongest ${what}, in seconds:`);
  for (const [name, time] of times.sort(([, a], [, b]) => b - a).slice(0, LONGEST))
    console.log(`${(time / 1000).toFixed(1).padStart(7)}  ${name}`);
}

/** Says which test files and which tests took longest, so that it is seen where one grows. */
function tellLongest(report) {
  if (!existsSync(report)) return;
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const files = testResults.map((one) => ({ ...one, file: relative(root, one.name) }));
  tellTimes(
    'test files',
    files.map(({ file, startTime, endTime }) => [file, endTime - startTime]),
  );
  tellTimes(
    'tests',
    files.flatMap(({ file, assertionResults }) =>
      assertionResults.map(({ fullName, duration }) => [`${file}: ${fullName}`, duration ?? 0]),
    ),
  );
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

/** `--changed`, `--changed=COMMIT` or `--changed COMMIT` among words, and the others; undefined without it. */
function askedChanges(words) {
  const at = words.findIndex((word) => /^--changed(=|$)/.test(word));
  if (at < 0) return undefined;
  const [, named] = words[at].split('=');
  const follows = named === undefined && words[at + 1] && isCommit(words[at + 1]);
  const since = named ?? (follows ? words[at + 1] : 'HEAD');
  if (!isCommit(since)) {
    console.error(`error: --changed=${since}: this is no commit`);
    process.exit(2);
  }
  return { since, others: words.filter((_, index) => index !== at && !(follows && index === at + 1)) };
}

/** Words of vitest that choose the tests; undefined where nothing has changed. */
function chosenTests(words) {
  const asked = askedChanges(words);
  if (!asked) return ['run', ...words];
  const files = changedFiles(asked.since);
  const modules = modulesOf(files);
  console.log(`files that differ from ${asked.since}: ${files.length}`);
  if (!modules) return ['run', ...asked.others];
  return modules.length > 0 ? ['related', '--run', ...modules, ...asked.others] : undefined;
}

async function runTests(report, words) {
  const progress = join(root, 'scripts/testProgress.mjs');
  const reporters = ['default', 'json', progress].map((name) => `--reporter=${name}`);
  return run(bin('vitest'), [...words, ...reporters, `--outputFile.json=${report}`]);
}

async function main() {
  const failed = [];
  const tests = chosenTests(process.argv.slice(2));
  if (!(await check('packages', setup))) return 1;
  for (const [name, work] of checks) if (!(await check(name, work))) failed.push(name);
  console.log('\n== engine');
  await installEngine();
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-test-'));
  const report = join(folder, 'report.json');
  if (!tests) console.log('\nno tests: nothing has changed');
  else if (!(await check('tests', () => runTests(report, tests)))) failed.push('tests');
  tellLongest(report);
  const { passed, failed: failedTests } = tests ? countTests(report) : { passed: 0, failed: 0 };
  rmSync(folder, { recursive: true, force: true });
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  console.log(`${passed} passed, ${failedTests} failed`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main();
