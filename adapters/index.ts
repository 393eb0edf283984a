import type { Adapter } from './adapter.js';
import { bottleneck } from './bottleneck.js';
import { dora } from './dora.js';
import { full } from './full.js';
import { ia3 } from './ia3.js';
import { lora } from './lora.js';
import { shortcut } from './shortcut.js';

/** Every adapter, in the order in which they are shown. */
export const adapters: readonly Adapter<unknown>[] = [bottleneck, shortcut, lora, dora, ia3, full];
