import { type Problem, UsageError } from '../../base/errors.js';
import type { JsonSchema } from '../../base/json.js';
import { name as nameSchema } from '../../recipe/schema.js';
import { chosenNames, type Names } from '../chosenNames.js';
import type { Field } from '../question.js';
import { problemWith } from '../schemaValues.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

const text: JsonSchema = { type: 'string', minLength: 1 };

const schemas: Readonly<Record<keyof Names, JsonSchema>> = {
  name: nameSchema,
  output: { ...text, description: 'Folder of the run: adapter, metrics, checkpoints.' },
  file: { ...text, pattern: '\\.jsonc?$', description: 'File of the recipe, ending in .json.' },
  overwrite: {
    type: 'boolean',
    description: 'Whether a recipe and a run that are there already may be replaced.',
  },
};

/** What is there already under these names. */
function inTheWay({ file, output }: Names, world: World): Problem[] {
  const earlier = world.earlierRun(output);
  const expected = 'another name, or overwrite';
  return [
    ...(world.isThere(file) ? [{ where: 'file', message: `${file} is there already`, expected }] : []),
    ...(earlier ? [{ where: 'output', message: `${output} holds a run (${earlier})`, expected }] : []),
  ];
}

const LABELS: Readonly<Record<keyof Names, string>> = {
  name: 'name',
  output: 'run folder',
  file: 'recipe file',
  overwrite: 'overwrite',
};

function fieldOf(key: keyof Names, names: Names): Field {
  const schema = schemas[key];
  return { key, label: LABELS[key], value: names[key], description: String(schema.description), schema };
}

function problemsOf(names: Names, world: World): Problem[] {
  const wrong = (Object.keys(schemas) as (keyof Names)[]).flatMap((key) => {
    const message = problemWith(schemas[key], names[key]);
    return message === undefined ? [] : [{ where: key, message }];
  });
  return [...wrong, ...(names.overwrite ? [] : inTheWay(names, world))];
}

/** What the run is called and where it goes; nothing is overwritten unless that is said. */
export const namesStep: Step = {
  name: 'names',
  keys: ['name', 'output', 'file', 'overwrite'],
  async ask(answers, world) {
    const names = chosenNames(answers, world);
    const keys = (Object.keys(schemas) as (keyof Names)[]).filter(
      (key) => key !== 'overwrite' || names.overwrite || inTheWay(names, world).length > 0,
    );
    return {
      kind: 'form',
      step: 'names',
      title: 'names',
      summary: `${names.name}, ${names.file}`,
      fields: keys.map((key) => fieldOf(key, names)),
    };
  },
  async take(answers, reply, world) {
    if (reply.kind === 'change') return { ...answers, [reply.key]: reply.value };
    if (reply.kind !== 'accept') return answers;
    const problems = problemsOf(chosenNames(answers, world), world);
    if (problems.length > 0) throw new UsageError(problems);
    return answers;
  },
};
