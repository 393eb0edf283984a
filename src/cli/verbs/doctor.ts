import { largest } from '../../base/lists.js';
import type { Check } from '../../plan/doctor/check.js';
import { longWork } from '../longWork.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';
import { wrap } from '../wrap.js';

interface Options {
  readonly set?: readonly string[];
}

const WIDTH = 80;
const SIGN = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function formatCheck({ name, status, found, advice }: Check, nameWidth: number): string {
  const start = `${SIGN[status]}  ${name.padEnd(nameWidth)}  `;
  const inset = ' '.repeat(start.length);
  const lines = [
    ...wrap(found, WIDTH - start.length),
    ...(advice === undefined ? [] : wrap(`-> ${advice}`, WIDTH - start.length)),
  ];
  return lines.map((line, at) => (at === 0 ? start : inset) + line).join('\n');
}

function format(checks: readonly Check[]): string {
  const width = largest(checks.map(({ name }) => name.length));
  return checks.map((check) => formatCheck(check, width)).join('\n');
}

async function recipeOf(shell: Shell, name: string, { set = [] }: Options) {
  const { readRecipe } = await import('../../recipe/load.js');
  const { resolveRecipe } = await import('../../recipe/validate.js');
  const { input, source } = readRecipe(name, set);
  return resolveRecipe(input, { source, modules: await shell.modules() });
}

async function doctor(shell: Shell, name: string | undefined, options: Options): Promise<number> {
  const recipe = name === undefined ? undefined : await recipeOf(shell, name, options);
  const modules = await shell.modules();
  const { diagnose } = await import('../../plan/doctor/doctor.js');
  const found = await longWork(shell, (follow) => diagnose(recipe, follow, modules));
  shell.result(found, format(found.checks));
  return found.healthy ? 0 : 1;
}

/** `vlgraft doctor [RECIPE]` */
export const addDoctor: AddVerb = (parent) => {
  parent
    .command('doctor')
    .summary('look at machine, engine and packages')
    .description(
      'Looks at everything that a run needs: machine, packages, engine, and every operation and gradient of a recipe on ' +
        'it. Tells what to do about what is not right. Exit code 1 when something fails.',
    )
    .argument('[recipe]', 'whose model is tried; default: a shipped one')
    .option('--set <key=value>', 'change a key of the recipe; may be given several times', gather)
    .addHelpText('after', examples('vlgraft doctor', 'vlgraft doctor my-recipe.json --json'))
    .action(action(doctor));
};
