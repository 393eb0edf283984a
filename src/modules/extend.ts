import { tasksOf } from '../../tasks/index.js';
import { createPretrain } from '../../tasks/pretrain.js';
import type { Reader } from '../../tasks/readers/reader.js';
import type { AnyTaskLiteral } from '../../tasks/task.js';
import { type Problem, UsageError } from '../base/errors.js';
import { memberOf } from '../base/json.js';
import { suggest } from '../base/nearest.js';
import { type ModuleList, type Modules, moduleNames } from '../prepare/modules.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { watchedModule } from './thrownIn.js';

/** What a program or a file adds to each list. */
export type Additions = {
  readonly [list in ModuleList]?: list extends 'tasks' ? readonly AnyTaskLiteral[] : Modules[list];
};

/** What one of a list must have, and of which type; what all have besides: a description and a schema. */
interface Form {
  /** The member that names it. */
  readonly key: 'kind' | 'family';
  readonly members: Readonly<Record<string, 'function' | 'object' | 'string'>>;
}

const KIND = { kind: 'string', description: 'string', schema: 'object' } as const;

const FORMS: Readonly<Record<ModuleList, Form>> = {
  adapters: {
    key: 'kind',
    members: { ...KIND, source: 'string', plan: 'function', parameterCount: 'function' },
  },
  tasks: {
    key: 'kind',
    members: {
      ...KIND,
      metric: 'object',
      fit: 'function',
      pictures: 'function',
      length: 'function',
      head: 'function',
      collate: 'function',
      outputs: 'function',
      loss: 'function',
      predictionOutputs: 'object',
      predict: 'function',
      evaluate: 'function',
    },
  },
  readers: { key: 'kind', members: { ...KIND, gives: 'string', read: 'function' } },
  objectives: {
    key: 'kind',
    members: { ...KIND, views: 'function', measure: 'object' },
  },
  regions: {
    key: 'kind',
    members: { ...KIND, propose: 'function', create: 'function' },
  },
  backbones: {
    key: 'family',
    members: {
      family: 'string',
      modelTypes: 'object',
      schema: 'object',
      modelNames: 'object',
      prefixes: 'object',
      open: 'function',
    },
  },
  processors: { key: 'kind', members: { kind: 'string', create: 'function' } },
  optimizers: { key: 'kind', members: { ...KIND, create: 'function' } },
};

/** The lists that can be added to. */
export const moduleLists = Object.keys(FORMS) as readonly ModuleList[];

const NAME = /^[A-Za-z][\w-]{0,63}$/;

const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

const typeName = (value: unknown): string => (value === null ? 'null' : withArticle(typeof value));

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;

/** What a schema of options is not allowed to be. */
function schemaProblem(schema: unknown): string | undefined {
  try {
    schemaCompiler({ validateSchema: true }).compile(schema as object);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What a task must have that names no examples which readers give. */
const ownReading = ({ examples }: Members, name: string): Form['members'] =>
  name === 'task' && examples === undefined ? { dataSchema: 'object', read: 'function' } : {};

/** What is missing or wrong in one entry of a list. */
function problemsOf(entry: unknown, where: string, name: string, { key, members }: Form): Problem[] {
  if (!isObject(entry))
    return [{ where, message: `this is not ${withArticle(name)}`, expected: 'an object' }];
  const wrong = Object.entries({ ...members, ...ownReading(entry, name) }).filter(
    ([member, type]) => typeof entry[member] !== type || entry[member] === null,
  );
  const problems = wrong.map(([member, type]) => ({
    where: `${where}.${member}`,
    message: entry[member] === undefined ? 'it is missing' : `it is ${typeName(entry[member])}`,
    expected: `${withArticle(type)}, as every ${name} has`,
  }));
  if (problems.length > 0) return problems;
  if (!NAME.test(entry[key] as string)) {
    const expected = 'letters, digits, dashes and underscores, at most 64, a letter first';
    return [{ where: `${where}.${key}`, message: `${JSON.stringify(entry[key])} is not a name`, expected }];
  }
  const unfit = 'schema' in members ? schemaProblem(entry.schema) : undefined;
  return unfit === undefined ? [] : [{ where: `${where}.schema`, message: unfit, expected: 'a JSON Schema' }];
}

const nameOf = (list: ModuleList, entry: unknown): string =>
  (entry as Record<string, string>)[FORMS[list].key] as string;

/** Readers are told apart by what they give, too. */
const identityOf = (list: ModuleList, entry: unknown): string =>
  list === 'readers' ? `${nameOf(list, entry)} of ${(entry as Reader).gives}` : nameOf(list, entry);

/** Names that are taken, or given twice. */
function clashes(list: ModuleList, known: readonly unknown[], added: readonly unknown[]): Problem[] {
  const names = added.map((entry) => identityOf(list, entry));
  const taken = new Set(known.map((entry) => identityOf(list, entry)));
  return names.flatMap((name, at) => {
    if (!taken.has(name) && names.indexOf(name) === at) return [];
    const known = taken.has(name) ? withArticle(moduleNames[list]) : `another ${moduleNames[list]}`;
    const message = `there is ${known} '${name}' already`;
    return [{ where: `${list}[${at}].${FORMS[list].key}`, message, expected: 'another name' }];
  });
}

function check(base: Modules, additions: Additions): void {
  const problems = Object.entries(additions).flatMap(([list, entries]): Problem[] => {
    const form = memberOf<Form>(FORMS, list);
    if (!form) {
      return [{ where: list, message: 'there is no such list', expected: suggest(list, moduleLists) }];
    }
    if (!Array.isArray(entries))
      return [{ where: list, message: 'this is not a list', expected: `a list of ${list}` }];
    const unfit = entries.flatMap((entry, at) =>
      problemsOf(entry, `${list}[${at}]`, moduleNames[list as ModuleList], form),
    );
    return unfit.length > 0 ? unfit : clashes(list as ModuleList, base[list as ModuleList], entries);
  });
  if (problems.length > 0) throw new UsageError(problems);
}

/** The same tasks, pretraining with these objectives. */
const withObjectives = (
  literals: readonly AnyTaskLiteral[],
  objectives: Modules['objectives'],
): readonly AnyTaskLiteral[] => {
  const pretrain = createPretrain(objectives) as unknown as AnyTaskLiteral;
  return literals.map((task) => (task.kind === pretrain.kind ? pretrain : task));
};

/**
 * The modules with those that are added; `file` says where they come from. Throws UsageError with everything that is
 * missing in them, and where a name is taken.
 */
export function extendModules(base: Modules, additions: Additions, file?: string): Modules {
  check(base, additions);
  const given = (list: ModuleList): readonly never[] =>
    (additions[list] ?? []).map((entry) => {
      const where = `${moduleNames[list]} '${nameOf(list, entry)}'`;
      return (file === undefined ? entry : watchedModule(entry, file, where)) as never;
    });
  const added = moduleLists.flatMap((list) =>
    (additions[list] ?? []).map((entry) => ({
      list,
      kind: nameOf(list, entry),
      ...(file !== undefined && { file }),
    })),
  );
  const readers = [...base.readers, ...given('readers')];
  const objectives = [...base.objectives, ...given('objectives')];
  const taskLiterals = [...withObjectives(base.taskLiterals, objectives), ...given('tasks')];
  return {
    adapters: [...base.adapters, ...given('adapters')],
    taskLiterals,
    tasks: tasksOf(taskLiterals, readers),
    readers,
    objectives,
    regions: [...base.regions, ...given('regions')],
    backbones: [...base.backbones, ...given('backbones')],
    processors: [...base.processors, ...given('processors')],
    optimizers: [...base.optimizers, ...given('optimizers')],
    added: [...(base.added ?? []), ...added],
  };
}
