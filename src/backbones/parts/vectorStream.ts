import type { Tensor } from '../../engine/index.js';
import { named, remembered, type Scope } from '../../nn/index.js';
import type { StreamOutput } from '../backbone.js';
import { lazily } from '../lazily.js';

/** What a stream of text or picture alone is made of. */
interface VectorStream extends Pick<StreamOutput, 'mask' | 'summary'> {
  /** Its last states [B, S, H]. */
  last(): Tensor;
  /** States [..., H] in the space that text and picture share. */
  project(states: Tensor): Tensor;
  /** Its vector [B, pooledSize]; default: the projected summary of its last states. */
  pooled?(last: Tensor): Tensor;
}

/** The output of a stream whose vector lies in the space that text and picture share. */
export function vectorStream(
  scope: Scope,
  name: 'text' | 'picture',
  { last, project, mask, summary, pooled = (states) => project(summary(states)) }: VectorStream,
): StreamOutput {
  const made = remembered(() => pooled(last()));
  return lazily(
    { mask, summary, project },
    { hidden: last, pooled: () => named(scope, `${name}.pooled`, made) },
  );
}
