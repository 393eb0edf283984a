import type { Adapter } from '../../adapters/adapter.js';
import type { AnyObjective } from '../../tasks/pretraining/objective.js';
import type { Reader } from '../../tasks/readers/reader.js';
import type { AnyTask, AnyTaskLiteral } from '../../tasks/task.js';
import type { BackboneFamily } from '../backbones/backbone.js';
import type { ProcessorKind } from '../backbones/processors/processor.js';
import { UsageError } from '../base/errors.js';
import { suggest } from '../base/nearest.js';
import type { RegionKind } from '../data/regions/region.js';
import type { Optimizer, OptimizerKind } from '../training/optimizers/optimizer.js';
import type { OptimizerEntry } from '../training/settings.js';

/** What a recipe can name: passed down from the program that runs, so that it may have more than this package. */
export interface Modules {
  readonly adapters: readonly Adapter<unknown>[];
  /** With their readers. */
  readonly tasks: readonly AnyTask[];
  /** The same before they had any: what is added later gives them more. */
  readonly taskLiterals: readonly AnyTaskLiteral[];
  readonly readers: readonly Reader[];
  /** Of pretraining. */
  readonly objectives: readonly AnyObjective[];
  readonly regions: readonly RegionKind<object>[];
  readonly backbones: readonly BackboneFamily[];
  /** What makes texts and pictures ready for them, by kinds of inputs. */
  readonly processors: readonly ProcessorKind[];
  readonly optimizers: readonly OptimizerKind<never>[];
  /** What of it does not come with this package; absent: nothing. */
  readonly added?: readonly AddedModule[];
}

/** The lists of modules. */
export type ModuleList = Exclude<keyof Modules, 'added' | 'taskLiterals'>;

/** Something that a program or a file added. */
interface AddedModule {
  readonly list: ModuleList;
  /** Its `kind`, or its `family`. */
  readonly kind: string;
  /** That it came with, as it was named; absent: a program added it. */
  readonly file?: string;
}

/** Throws UsageError that names the nearest one. */
function unknown(where: string, what: string, kind: string, known: readonly string[]): never {
  const message = `there is no ${what} '${kind}'`;
  throw new UsageError({ where, message, expected: suggest(kind, known) });
}

/** The task of that kind; UsageError for an unknown one. */
export const taskOf = (kind: string, { tasks }: Modules): AnyTask =>
  tasks.find((task) => task.kind === kind) ??
  unknown(
    'task.kind',
    'task',
    kind,
    tasks.map((task) => task.kind),
  );

/** The optimizer that a recipe names; UsageError for an unknown one. */
export function optimizerOf({ kind, ...options }: OptimizerEntry, { optimizers }: Modules): Optimizer {
  const known = optimizers.map((optimizer) => optimizer.kind);
  const found = optimizers.find((optimizer) => optimizer.kind === kind);
  return (found ?? unknown('training.optimizer.kind', 'optimizer', kind, known)).create(options as never);
}

/** The files that modules come from. Throws UsageError where a program added some, which no other process can load. */
export function filesOfModules({ added = [] }: Modules): string[] {
  const own = added.filter(({ file }) => file === undefined);
  if (own.length > 0) {
    const names = own.map(({ list, kind }) => `${list} '${kind}'`).join(', ');
    const message = `this needs processes of their own, which don't have what the program added: ${names}`;
    throw new UsageError({ message, expected: 'modules from files: use: ["./mine.js"]' });
  }
  return [...new Set(added.map(({ file }) => file as string))];
}
