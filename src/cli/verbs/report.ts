import { existsSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { metricFigure } from '../../base/figures.js';
import { rangeText } from '../../report/intervalText.js';
import type { WrittenReport } from '../../report/writeReport.js';
import { makeFolder } from '../../system/makeFolder.js';
import { requireWritableFile } from '../outputFile.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';

/** The page of several runs where none is named. */
const BESIDE = 'side-by-side.html';

interface Options {
  readonly output?: string;
  readonly overwrite?: boolean;
}

/** The headline of every run, and where the page is. */
function format({ file, runs }: WrittenReport): string {
  const rows = runs.map(({ name, headline }) =>
    headline
      ? [
          name,
          `${headline.split} ${headline.metric}`,
          metricFigure(headline.value),
          headline.interval ? `95 %: ${rangeText(headline.interval)}` : '',
        ]
      : [name, 'not measured', '', ''],
  );
  return `${formatTable(rows)}\nreport: ${file}`;
}

/** The nearest folder that holds every run. */
function holderOf(runs: readonly string[]): string {
  const [first = [], ...others] = runs.map((run) => resolve(run).split(sep).slice(0, -1));
  const shared = first.findIndex((part, at) => others.some((other) => other[at] !== part));
  return relative('', (shared < 0 ? first : first.slice(0, shared)).join(sep) || sep);
}

function outputOf(runs: readonly string[], { output }: Options): string | undefined {
  if (output !== undefined || runs.length === 1) return output;
  return join(holderOf(runs), BESIDE);
}

/** A name that says that the file is something else than a page is refused. */
function requirePageName(file: string): void {
  const ending = extname(file);
  if (['', '.html', '.htm'].includes(ending.toLowerCase())) return;
  const message = `a report is an HTML page, not a file of the kind ${ending}`;
  throw new UsageError({ file: `--output ${file}`, message, expected: 'a name that ends in .html' });
}

/** A report may be written again; no file that one of the runs is made of. */
async function requireReportFile(file: string, runs: readonly string[]): Promise<void> {
  const { runFolder } = await import('../../checkpoints/runFiles.js');
  const own = runs.some((run) => resolve(runFolder(run).report) === resolve(file));
  await requireWritableFile(file, { overwrite: true, inputs: own ? [] : runs });
}

/** Refuses a file that may not be written before its folder is made. */
async function prepareOutput(file: string, runs: readonly string[]): Promise<void> {
  const isThere = existsSync(dirname(file));
  if (isThere) await requireReportFile(file, runs);
  requirePageName(file);
  if (isThere) return;
  makeFolder(dirname(file));
  await requireReportFile(file, runs);
}

async function report(shell: Shell, runs: readonly string[], options: Options): Promise<void> {
  const { writeReport, writeReportBeside } = await import('../../report/writeReport.js');
  const output = outputOf(runs, options);
  const { overwrite = false } = options;
  const modules = await shell.modules();
  if (output !== undefined) await prepareOutput(output, runs);
  const [first = ''] = runs;
  const written =
    runs.length === 1 || output === undefined
      ? await writeReport(first, { overwrite, modules, ...(output !== undefined && { file: output }) })
      : await writeReportBeside(runs, { file: output, overwrite, modules });
  shell.result(written, format(written));
}

/** `vlgraft report RUN...` */
export const addReport: AddVerb = (parent) => {
  parent
    .command('report')
    .summary('write the report of a run, or of several beside each other')
    .description(
      'Writes one HTML file that needs no network, from the run folders alone: metrics with confidence intervals, curves, ' +
        'predictions, where the model looks. Of several runs: what is different, the first one being what the others are ' +
        'held against.',
    )
    .argument('<runs...>', 'run folders')
    .option(
      '--output <file>',
      `the page; default: report.html in the run folder, of several runs ${BESIDE} in the folder around them`,
    )
    .option('--overwrite', 'replace that file if it is there; a report is written again without it')
    .addHelpText(
      'after',
      examples(
        'vlgraft report runs/vqa-bottleneck',
        'vlgraft report runs/vqa-head-only runs/vqa-bottleneck runs/vqa-shortcut --output runs/vqa.html',
        'vlgraft report runs/vqa-bottleneck --json',
      ),
    )
    .action(action(report));
};
