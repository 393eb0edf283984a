import { type Problem, UsageError } from '../../base/errors.js';
import type { HostTensor } from '../../base/hostTensor.js';
import { addAll } from '../../base/lists.js';
import { lazyMap } from '../../checkpoints/lazyMap.js';
import type { ParameterSpec } from '../../nn/parameters.js';
import type { Weights } from '../backbone.js';

/** How the checkpoints of a family name their tensors. */
export interface CheckpointNames {
  /** What may stand before the names of the backbone; the one that finds most parameters is taken. */
  readonly prefixes: readonly string[];
  /** Names (without prefix) that belong to the backbone: one that its config doesn't explain is an error. */
  readonly body: RegExp;
  /** Names of the body that carry nothing. */
  readonly ignored: RegExp;
  /** What else would be right when a parameter is missing. */
  readonly hint: (name: string) => string | undefined;
}

/** LayerNorm parameters were called gamma and beta in checkpoints converted from TensorFlow. */
const spellings = (name: string): string[] => [
  name,
  name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
];

const described = (shape: readonly number[], dtype = 'float32') => `${dtype} [${shape.join(', ')}]`;

type Found = { readonly spec: ParameterSpec; readonly name: string | undefined };

function findAll(tensors: Weights, specs: readonly ParameterSpec[], prefix: string): Found[] {
  return specs.map((spec) => ({
    spec,
    name: spellings(spec.name)
      .map((name) => prefix + name)
      .find((name) => tensors.has(name)),
  }));
}

const count = (found: readonly Found[]) => found.filter(({ name }) => name !== undefined).length;

function misfit({ shape }: ParameterSpec, name: string, tensor: HostTensor): Problem | undefined {
  if (tensor.dtype === 'float32' && described(tensor.shape) === described(shape)) return undefined;
  const message = `its shape is ${described(tensor.shape, tensor.dtype)}`;
  return { where: name, message, expected: `expected ${described(shape)} by the config` };
}

/** Tensors of the body that no parameter explains: the config is of another model. */
function strangers(
  tensors: Weights,
  used: ReadonlySet<string>,
  prefix: string,
  names: CheckpointNames,
): Problem[] {
  return [...tensors.keys()]
    .filter((name) => name.startsWith(prefix) && !used.has(name))
    .filter((name) => names.body.test(name.slice(prefix.length)) && !names.ignored.test(name))
    .map((name) => ({ where: name, message: 'a model of this config has no such parameter' }));
}

/**
 * The parameters of a backbone from a checkpoint, under the names of `specs`. Heads and buffers are left out.
 * They are read when they are asked for, each time: once they are on a device nobody needs them in JavaScript's memory.
 * Throws UsageError with every tensor that is missing, misshapen or unexplained.
 */
export function adoptTensors(
  tensors: Weights,
  specs: readonly ParameterSpec[],
  names: CheckpointNames,
): Weights {
  const candidates = names.prefixes.map((prefix) => ({ prefix, found: findAll(tensors, specs, prefix) }));
  const best = candidates.reduce((a, b) => (count(b.found) > count(a.found) ? b : a));
  const stored = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { spec, name } of best.found) {
    const tensor = name === undefined ? undefined : tensors.get(name);
    if (!name || !tensor) {
      const expected = [`expected ${described(spec.shape)}`, names.hint(spec.name)]
        .filter(Boolean)
        .join(', ');
      problems.push({ where: best.prefix + spec.name, message: 'this tensor is missing', expected });
      continue;
    }
    const problem = misfit(spec, name, tensor);
    if (problem) problems.push(problem);
    stored.set(spec.name, name);
  }
  const used = new Set(best.found.flatMap(({ name }) => name ?? []));
  addAll(problems, strangers(tensors, used, best.prefix, names));
  if (problems.length > 0) throw new UsageError(problems);
  return lazyMap([...stored.keys()], (name) => tensors.get(stored.get(name) as string) as HostTensor);
}

/**
 * What stands before every name of a checkpoint besides the prefixes of its family, as wrappers write it (`module.` of
 * DataParallel, `base_model.model.` of PEFT); nothing where a family's own prefix finds the parameters.
 */
export function outerPrefix(
  keys: readonly string[],
  specs: readonly ParameterSpec[],
  known: readonly string[],
): string {
  const [first] = storedNames(keys, specs);
  if (!first) return '';
  const [parameter, stored] = first;
  const spelled = spellings(parameter).find((name) => stored.endsWith(name)) as string;
  const prefix = stored.slice(0, -spelled.length);
  const own = known.filter((one) => prefix.endsWith(one)).sort((a, b) => b.length - a.length)[0] ?? '';
  return prefix.slice(0, prefix.length - own.length);
}

/** The tensors, those whose names begin with `prefix` under what follows it. */
export function withoutPrefix(tensors: Weights, prefix: string): Weights {
  const stored = new Map(
    [...tensors.keys()].map((key) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, key]),
  );
  return lazyMap([...stored.keys()], (name) => tensors.get(stored.get(name) as string) as HostTensor);
}

/**
 * What the parameters of a backbone are called in a checkpoint: the prefix is the one that finds most of them. Those that
 * it lacks are left out.
 */
export function storedNames(
  keys: readonly string[],
  specs: readonly ParameterSpec[],
): ReadonlyMap<string, string> {
  const known = new Set(keys);
  const [first] = specs;
  const prefixes = new Set(
    keys.flatMap((key) =>
      spellings(first?.name ?? '').flatMap((name) =>
        key.endsWith(name) ? [key.slice(0, -name.length)] : [],
      ),
    ),
  );
  const under = (prefix: string) =>
    new Map(
      specs.flatMap(({ name }) => {
        const found = spellings(name)
          .map((spelling) => prefix + spelling)
          .find((key) => known.has(key));
        return found === undefined ? [] : [[name, found] as const];
      }),
    );
  return [...prefixes].map(under).reduce((best, one) => (one.size > best.size ? one : best), new Map());
}
