import { startEngine } from '../../src/engine/index.js';
import { describeLayerStack } from './layerStackSuite.js';

await startEngine();
describeLayerStack();
