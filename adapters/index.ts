import type { Adapter } from './adapter.js';
import { bitfit } from './bitfit.js';
import { bottleneck } from './bottleneck.js';
import { compacter } from './compacter.js';
import { dora } from './dora.js';
import { full } from './full.js';
import { ia3 } from './ia3.js';
import { ladder } from './ladder.js';
import { lastLayers } from './lastLayers.js';
import { layernorm } from './layernorm.js';
import { lora } from './lora.js';
import { parallel } from './parallel.js';
import { prefix } from './prefix.js';
import { prompt } from './prompt.js';
import { shortcut } from './shortcut.js';
import { ssf } from './ssf.js';

/** Every adapter, in the order in which they are shown. */
export const adapters: readonly Adapter<unknown>[] = [
  bottleneck,
  parallel,
  compacter,
  shortcut,
  ladder,
  lora,
  dora,
  ia3,
  ssf,
  prefix,
  prompt,
  bitfit,
  layernorm,
  lastLayers,
  full,
];
