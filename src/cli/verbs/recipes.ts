import type { Command } from 'commander';
import { writeFileAtomically } from '../../checkpoints/atomicFile.js';
import { readUtf8 } from '../../system/utf8Text.js';
import { OVERWRITE_FILE, requireWritableFile } from '../outputFile.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';

async function list(shell: Shell): Promise<void> {
  const { shippedRecipes } = await import('../../recipe/shipped.js');
  const recipes = shippedRecipes();
  const rows = recipes.map(({ name, description }) => [name, description]);
  shell.result(recipes, formatTable([['recipe', 'what it is for'], ...rows]));
  shell.log('vlgraft recipes show NAME prints one, vlgraft run NAME carries it out');
}

async function show(shell: Shell, name: string): Promise<void> {
  const { findRecipe } = await import('../../recipe/find.js');
  const { parseRecipe } = await import('../../recipe/source.js');
  const file = findRecipe(name);
  const text = readUtf8(file);
  shell.result(shell.json ? parseRecipe(text, file).input : undefined, text.trimEnd());
}

/** The text of a recipe with `$schema` pointing to the package's schema from where the copy will lie. */
async function copyText(file: string, target: string): Promise<string> {
  const { applyEdits, modify } = await import('jsonc-parser');
  const { schemaReference } = await import('../../recipe/shipped.js');
  const text = readUtf8(file);
  const edits = modify(text, ['$schema'], schemaReference(target), {});
  return applyEdits(text, edits);
}

async function copy(
  shell: Shell,
  name: string,
  given: string | undefined,
  { overwrite = false }: { readonly overwrite?: boolean },
): Promise<void> {
  const { findRecipe } = await import('../../recipe/find.js');
  const file = findRecipe(name);
  const target = given ?? `${name}.json`;
  await requireWritableFile(target, { overwrite, inputs: [file] });
  writeFileAtomically(target, await copyText(file, target));
  shell.result({ file: target }, target);
  shell.log(`edit it, then: vlgraft validate ${target} && vlgraft run ${target}`);
}

interface SchemaOptions {
  readonly output?: string;
  readonly overwrite?: boolean;
}

async function schema(shell: Shell, { output, overwrite }: SchemaOptions): Promise<void> {
  if (output !== undefined) await requireWritableFile(output, { overwrite });
  const { editorSchema } = await import('../../recipe/editorSchema.js');
  const text = JSON.stringify(editorSchema(await shell.modules()), null, 2);
  if (output === undefined) process.stdout.write(`${text}\n`);
  else writeFileAtomically(output, `${text}\n`);
  if (output !== undefined) shell.log(`wrote ${output}`);
}

function addSchema(parent: Command): void {
  parent
    .command('schema', { hidden: true })
    .description('Writes the JSON Schema of recipes, which recipes/schema.json is a copy of.')
    .option('--output <file>', 'write it there instead of to stdout')
    .option('--overwrite', OVERWRITE_FILE)
    .action(action(schema));
}

/** `vlgraft recipes ls|show|cp` */
export const addRecipes: AddVerb = (parent) => {
  const recipes = parent
    .command('recipes')
    .summary('list, show and copy the shipped recipes')
    .description('The recipes that come with vlgraft: run them as they are, or copy one and change it.')
    .addHelpText('after', examples('vlgraft recipes ls', 'vlgraft recipes cp vqa-bottleneck my-recipe.json'));
  recipes
    .command('ls')
    .description('Lists them.')
    .addHelpText('after', examples('vlgraft recipes ls --json'))
    .action(action(list));
  recipes
    .command('show')
    .description('Prints one.')
    .argument('<recipe>', 'its name, or a file')
    .addHelpText('after', examples('vlgraft recipes show vqa-bottleneck'))
    .action(action(show));
  recipes
    .command('cp')
    .description('Copies one, so that it can be changed; editors complete its keys through its $schema.')
    .argument('<recipe>', 'its name')
    .argument('[file]', 'where to; default: its name in the working directory')
    .option('--overwrite', OVERWRITE_FILE)
    .addHelpText('after', examples('vlgraft recipes cp vqa-bottleneck my-recipe.json'))
    .action(action(copy));
  addSchema(recipes);
};
