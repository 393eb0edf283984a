import type { AnyTask } from '../../tasks/task.js';
import type { JsonSchema } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { offeredTasks } from './chosen.js';
import { budgetSchemas } from './chosenBudget.js';
import { everyKey } from './splitFields.js';

const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description });

const object = (properties: JsonSchema, description: string): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties,
});

/** The options of a module without their defaults: what is not given is not given. */
function optionsOf(schema: JsonSchema): JsonSchema {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  return Object.fromEntries(
    properties.map(([key, option]) => {
      const { default: _default, ...rest } = option;
      return [key, rest];
    }),
  );
}

const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [{ type: 'null' }, schema] });

/** The files of one split; without a task that is known, any. */
function filesOf(task: AnyTask | undefined): JsonSchema {
  if (!task) return { type: ['object', 'null'] };
  const keys = Object.entries(optionsOf({ properties: everyKey(task) }) as Record<string, JsonSchema>);
  return orNull(
    object(Object.fromEntries(keys.map(([key, schema]) => [key, orNull(schema)])), 'Files of the split.'),
  );
}

/** The schema of a file of answers; `task` is what it says of the task. */
export function answersSchema(task: unknown, modules: Modules): JsonSchema {
  const { adapters, regions: kinds } = modules;
  const tasks = offeredTasks(modules);
  const files = filesOf(tasks.find(({ kind }) => kind === task));
  const regionOptions: JsonSchema = Object.assign({}, ...kinds.map(({ schema }) => optionsOf(schema)));
  return {
    title: 'answers for vlgraft new',
    ...object(
      {
        backbone: text('A shipped backbone, a folder, or a model of the hub that is in the cache.'),
        task: { enum: tasks.map(({ kind }) => kind), description: 'What is learned.' },
        data: text('Folder of the data, or "make emoji-scenes".'),
        files: object(
          { train: files, validation: files, test: files },
          'Files that differ from those that are recognised.',
        ),
        regions: object(
          { kind: { enum: kinds.map(({ kind }) => kind), description: 'Which kind.' }, ...regionOptions },
          'How pictures become regions.',
        ),
        adapters: {
          type: 'array',
          uniqueItems: true,
          // ajv calls a member toString of items that may be objects.
          items: { type: 'string', enum: adapters.map(({ kind }) => kind) },
          description: 'Kinds of adapters; none: the head alone trains.',
        },
        options: object(
          Object.fromEntries(
            adapters.map(({ kind, schema }) => [kind, object(optionsOf(schema), `Options of ${kind}.`)]),
          ),
          'Options of the adapters.',
        ),
        budget: object(budgetSchemas, 'Length, batch size, learning rate, seed.'),
        name: text('Name of the run.'),
        output: text('Run folder.'),
        file: text("The recipe's file."),
        overwrite: { type: 'boolean', description: 'Whether what is there may be replaced.' },
        run: { type: 'boolean', description: 'Whether the recipe is carried out.' },
      },
      'Answers to the questions of vlgraft new; what is left out takes its default.',
    ),
  };
}
