import { isDeepStrictEqual } from 'node:util';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { Modules } from '../prepare/modules.js';
import { lazyDiscriminator } from '../schema/lazyDiscriminator.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { valueAt } from './path.js';
import { recipeSchemaBesideSplits, splitsSchema } from './schema.js';

/** Checks recipes by the schema of some modules; what no recipe has named is not compiled. */
export interface RecipeCheck {
  /** What the existence of paths is asked of. */
  exists: (path: string) => boolean;
  /** Every error; defaults are filled in. */
  errorsOf(recipe: unknown): ErrorObject[];
}

const compiler = () =>
  // Faster code takes longer to make than one recipe to check.
  schemaCompiler({ useDefaults: true, discriminator: true, code: { optimize: false } });

/** Splits whose schema depends on their task's options that are kept. */
const KEPT = 4;

interface Splits {
  readonly task: unknown;
  readonly validate: ValidateFunction;
}

/** Checks of splits by what a recipe says of its task. */
function createSplitChecks(modules: Modules, ajv: Ajv2020) {
  let kept: readonly Splits[] = [];
  const byKind = new Map<unknown, ValidateFunction>();
  const compiled = (task: unknown): ValidateFunction => {
    const schema = splitsSchema(modules, task) ?? {};
    const validate = ajv.compile(schema);
    // Else ajv keeps it for good; there is a schema for each choice of options.
    ajv.removeSchema(schema);
    return validate;
  };
  const forOptions = (task: unknown): ValidateFunction => {
    const known = kept.find((one) => isDeepStrictEqual(one.task, task));
    const found = known ?? { task: structuredClone(task), validate: compiled(task) };
    kept = [...kept.filter((one) => one !== found), found].slice(-KEPT);
    return found.validate;
  };
  return (task: unknown): ValidateFunction => {
    const kind = valueAt(task, ['kind']);
    const module = modules.tasks.find((one) => one.kind === kind);
    if (module?.splitSchema) return forOptions(task);
    const found = byKind.get(module?.kind) ?? compiled(task);
    byKind.set(module?.kind, found);
    return found;
  };
}

function createCheck(modules: Modules): RecipeCheck {
  const ajv = lazyDiscriminator(compiler());
  ajv.addFormat('path', (path: string) => check.exists(path));
  const validate = ajv.compile(recipeSchemaBesideSplits(modules));
  const splitsOf = createSplitChecks(modules, ajv);
  const check: RecipeCheck = {
    exists: () => true,
    errorsOf: (recipe) => {
      // What the task says is looked up first: validating fills its defaults in.
      const splits = splitsOf(valueAt(recipe, ['task']));
      return [splits, validate].flatMap((one) => (one(recipe) ? [] : (one.errors ?? [])));
    },
  };
  return check;
}

const checks = new WeakMap<Modules, RecipeCheck>();

/** The check of some modules, compiled once. */
export function checkOf(modules: Modules): RecipeCheck {
  const check = checks.get(modules) ?? createCheck(modules);
  checks.set(modules, check);
  return check;
}
