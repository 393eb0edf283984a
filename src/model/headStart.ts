import { storedNames } from '../backbones/parts/adoptTensors.js';
import { plural } from '../base/figures.js';
import { someOf } from '../base/lists.js';
import type { ParameterSpec } from '../nn/parameters.js';
import type { ModelParts } from './model.js';

/** Names that a line tells at most. */
const NAMED = 3;
/** What carries nothing: buffers, and decoders that are tied. */
const NOTHING = /(^|\.)(position_ids|token_type_ids|decoder\.(weight|bias))$/;

/** The tensor of the backbone or of its folder that a parameter starts from. */
const sourceOf = ({ initializer }: ParameterSpec): string | undefined =>
  initializer.kind === 'copy' || initializer.kind === 'rows' ? initializer.parameter : undefined;

/** Names by what stands before their first dot, with how many there are. */
function grouped(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const group = name.includes('.') ? `${name.split('.', 1)[0]}.*` : name;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => `${group} (${plural(count, 'tensor')})`).join(', ');
}

/** What a head brings along from the backbone's folder in part, and what of the folder nothing reads. */
export function describeHeadStart({
  backbone,
  task,
}: Pick<ModelParts, 'backbone' | 'task'>): readonly string[] {
  const { checkpoint, shape, prefix } = backbone;
  const head = task.task.head(task.options, task.state, shape, checkpoint);
  const used = new Set(head.flatMap((spec) => sourceOf(spec) ?? []));
  const fresh = head.filter((spec) => !checkpoint.has(sourceOf(spec) ?? ''));
  const body = new Set(storedNames([...checkpoint.keys()], shape.parameters).values());
  const unused = [...checkpoint.keys()].filter(
    (name) => !body.has(name) && !used.has(name) && !NOTHING.test(name),
  );
  const started = head.length - fresh.length;
  return [
    ...(prefix === undefined ? [] : [`the tensors are called '${prefix}*': they are read without that`]),
    ...(started > 0 && fresh.length > 0
      ? [
          `${started} of ${plural(head.length, 'tensor')} of the head ${started === 1 ? 'starts' : 'start'} from the backbone's folder; new: ${someOf(
            fresh.map(({ name }) => name),
            NAMED,
          )}`,
        ]
      : []),
    ...(unused.length > 0 ? [`not used of the backbone's folder: ${grouped(unused)}`] : []),
    ...(task.task.headRemarks?.(task.options, task.state, shape, checkpoint) ?? []),
  ];
}
