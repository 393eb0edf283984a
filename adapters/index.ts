import type { Adapter } from './adapter.js';
import { bottleneck } from './bottleneck.js';
import { full } from './full.js';
import { ladder } from './ladder.js';
import { shortcut } from './shortcut.js';

/** Every adapter, in the order in which they are shown. */
export const adapters: readonly Adapter<unknown>[] = [bottleneck, shortcut, ladder, full];
