import { startEngine } from '../../src/engine/index.js';
import { describeAttention } from './attentionSuite.js';

// The first start of a process decides: the suite goes on with the same backend.
await startEngine({ backend: 'wasm' });
describeAttention();
