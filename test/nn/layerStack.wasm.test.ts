import { startEngine } from '../../src/engine/index.js';
import { describeLayerStack } from './layerStackSuite.js';

// The first start of a process decides: the suite goes on with the same backend.
await startEngine({ backend: 'wasm' });
describeLayerStack();
