import type { Adapter } from './adapter.js';
import { bottleneck } from './bottleneck.js';
import { full } from './full.js';
import { prefix } from './prefix.js';
import { prompt } from './prompt.js';
import { shortcut } from './shortcut.js';

/** Every adapter, in the order in which they are shown. */
export const adapters: readonly Adapter<unknown>[] = [bottleneck, shortcut, prefix, prompt, full];
