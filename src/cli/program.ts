import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageFolder } from '../system/packageFolder.js';
import { type AddVerb, examples, gather } from './verb.js';
import { addCache } from './verbs/cache.js';
import { addCompare } from './verbs/compare.js';
import { addCompletion } from './verbs/completion.js';
import { addData } from './verbs/data.js';
import { addDoctor } from './verbs/doctor.js';
import { addEngine } from './verbs/engine.js';
import { addEvaluate } from './verbs/evaluate.js';
import { addExport } from './verbs/export.js';
import { addMerge } from './verbs/merge.js';
import { addNew } from './verbs/new.js';
import { addPlan } from './verbs/plan.js';
import { addPredict } from './verbs/predict.js';
import { addQuickstart } from './verbs/quickstart.js';
import { addRecipes } from './verbs/recipes.js';
import { addReport } from './verbs/report.js';
import { addRun } from './verbs/run.js';
import { addSweep } from './verbs/sweep.js';
import { addValidate } from './verbs/validate.js';
import { wholeNumber } from './wholeNumber.js';

/** Every verb, in the order of the help. */
const verbs: readonly AddVerb[] = [
  addQuickstart,
  addNew,
  addRun,
  addCompare,
  addSweep,
  addValidate,
  addPlan,
  addEvaluate,
  addReport,
  addPredict,
  addMerge,
  addExport,
  addRecipes,
  addData,
  addCache,
  addEngine,
  addDoctor,
  addCompletion,
];

const version = (): string =>
  (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version;

const EXIT_CODES = `
Results go to stdout, progress and errors to stderr.
Exit codes: 0 done, 1 failed while running, 2 wrong usage, recipe or data,
130 interrupted.`;

/** The whole command line; nothing of the engine is loaded before a verb runs. */
export function createProgram(): Command {
  const program = new Command('vlgraft')
    .description('Fine-tunes adapters on a frozen vision-language backbone.')
    .version(version(), '--version', 'print the version')
    .option('--json', 'print results as JSON')
    .option('--quiet', 'no progress, only results and errors')
    .option('--no-input', 'never ask a question')
    .option(
      '--threads <n>',
      'threads to compute with; default: the cores that this process may use',
      wholeNumber,
    )
    .option(
      '--use <file>',
      'a JavaScript module that adds adapters, tasks, ...; may be given several times',
      gather,
    )
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .addHelpText(
      'after',
      examples('vlgraft quickstart', 'vlgraft recipes ls', 'vlgraft run vqa-bottleneck', 'vlgraft help run') +
        `\n${EXIT_CODES}`,
    )
    .configureHelp({ showGlobalOptions: true })
    // Errors are told by runProgram; what else commander writes to stderr is help, which is a result.
    .configureOutput({ outputError: () => {}, writeErr: (text) => process.stdout.write(text) });
  for (const add of verbs) add(program);
  return program;
}
