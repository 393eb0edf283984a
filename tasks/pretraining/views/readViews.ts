import { type HostBatch, int32 } from '../../../src/base/hostTensor.js';
import type { CaptionExample } from '../../examples.js';
import { views } from './index.js';
import type { Shown, TokenChange, View, ViewContext, ViewRequests } from './view.js';

/** A batch as its views are read. */
export interface ReadViews {
  /** What the processor made of the shared texts and pictures, labels of regions among it. */
  readonly inputs: HostBatch;
  /** What the backbone reads, and the targets. */
  readonly batch: HostBatch;
}

type Asked = readonly (readonly [View<unknown>, unknown])[];

const askedOf = (requests: ViewRequests): Asked =>
  views.flatMap((view) => (requests[view.name] ? [[view, requests[view.name]] as const] : []));

const rightCaptions = (examples: readonly CaptionExample[]): readonly Shown[] =>
  examples.map(({ caption }) => ({ caption, matched: true }));

/** Captions and pictures as one sequence each, changed as the views ask. */
async function readTokens(
  asked: Asked,
  shown: readonly Shown[],
  examples: readonly CaptionExample[],
  context: ViewContext,
) {
  const encode = (example: CaptionExample, row: number) =>
    context.processor.encode({ text: shown[row]!.caption, pictures: [example.picture] });
  let sequences: TokenChange['sequences'] = await Promise.all(examples.map(encode));
  const targets: TokenChange['targets'][] = [];
  for (const [view, request] of asked) {
    const changed = await view.tokens?.(sequences, shown, request, context);
    if (!changed) continue;
    sequences = changed.sequences;
    targets.push((inputs) => changed.targets(inputs));
  }
  const inputs = context.processor.collate(sequences);
  return { inputs, targets: targets.map((of) => of(inputs)) };
}

/** The tensors of views that have their own. */
async function readApart(asked: Asked, examples: readonly CaptionExample[], context: ViewContext) {
  const made: HostBatch[] = [];
  for (const [{ prefix = '', apart }, request] of asked) {
    const own = Object.entries((await apart?.(examples, request, context)) ?? {});
    made.push(Object.fromEntries(own.map(([name, tensor]) => [prefix + name, tensor])));
  }
  return made;
}

/** One number for each picture of the batch. */
function pictureNumbers(examples: readonly CaptionExample[]): Int32Array<ArrayBuffer> {
  const ids = examples.map(({ picture }) => picture.id);
  return Int32Array.from(ids, (id) => ids.indexOf(id));
}

/**
 * Reads examples in every way that is asked for. `target.matched` int32 [B] says which of the shared captions belong to
 * their pictures, `target.pictures` int32 [B] which examples show the same one.
 */
export async function readViews(
  examples: readonly CaptionExample[],
  requests: ViewRequests,
  context: ViewContext,
): Promise<ReadViews> {
  const asked = askedOf(requests);
  const shown = asked.reduce(
    (from, [view, request]) => view.captions?.(from, examples, request, context) ?? from,
    rightCaptions(examples),
  );
  const { inputs: read, targets } = await readTokens(asked, shown, examples, context);
  const inputs = asked.reduce((from, [view, request]) => view.inputs?.(from, request, context) ?? from, read);
  const { regionLabels: _labels, ...own } = inputs;
  const apart = await readApart(asked, examples, context);
  const size = [examples.length];
  return {
    inputs,
    batch: Object.assign({}, own, ...targets, ...apart, {
      'target.matched': int32(
        size,
        Int32Array.from(shown, ({ matched }) => Number(matched)),
      ),
      'target.pictures': int32(size, pictureNumbers(examples)),
    }),
  };
}
