import { adapters } from '../../adapters/index.js';
import { startEngine } from '../../src/engine/index.js';
import { describeConformance } from './conformance.js';

// The first start of a process decides: the suite goes on with the same backend.
await startEngine({ backend: 'wasm' });

// What depends on the method alone is checked in each adapter's own file.
const defaults = {
  name: 'wasm',
  options: {},
  unfreezes: /./,
  changesAtStart: true,
  detached: /./,
  engineOnly: true,
};

for (const adapter of adapters) describeConformance(adapter, [defaults], ['BertModel']);
