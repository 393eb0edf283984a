import { longWork } from '../longWork.js';
import { formatPlan } from '../planText.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';

interface Options {
  readonly set?: readonly string[];
}

async function plan(shell: Shell, name: string, { set = [] }: Options): Promise<void> {
  const { readRecipe } = await import('../../recipe/load.js');
  const { resolveRecipe } = await import('../../recipe/validate.js');
  const { input, source } = readRecipe(name, set);
  const recipe = resolveRecipe(input, { source, modules: await shell.modules() });
  const modules = await shell.modules();
  const { planRun } = await import('../../plan/planRun.js');
  const planned = await longWork(shell, (follow) => planRun(recipe, follow, modules));
  shell.result(planned, formatPlan(planned));
}

/** `vlgraft plan RECIPE` */
export const addPlan: AddVerb = (parent) => {
  parent
    .command('plan')
    .summary('tell what a run will cost')
    .description(
      'Measures a few steps of the recipe on this machine and tells parameters, tokens, time, memory and disk of the ' +
        'whole run, and what looks wrong. Nothing is trained and nothing is written.',
    )
    .argument('<recipe>', 'a file, or the name of a shipped recipe (vlgraft recipes ls)')
    .option('--set <key=value>', 'change a key of the recipe; may be given several times', gather)
    .addHelpText(
      'after',
      examples(
        'vlgraft plan vqa-bottleneck',
        'vlgraft plan my-recipe.json --set training.batchSize=128 --json',
      ),
    )
    .action(action(plan));
};
