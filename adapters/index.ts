import type { Adapter } from './adapter.js';
import { bitfit } from './bitfit.js';
import { bottleneck } from './bottleneck.js';
import { compacter } from './compacter.js';
import { full } from './full.js';
import { lastLayers } from './lastLayers.js';
import { layernorm } from './layernorm.js';
import { parallel } from './parallel.js';
import { shortcut } from './shortcut.js';

/** Every adapter, in the order in which they are shown. */
export const adapters: readonly Adapter<unknown>[] = [
  bottleneck,
  parallel,
  compacter,
  shortcut,
  bitfit,
  layernorm,
  lastLayers,
  full,
];
