import { startEngine } from '../../src/engine/index.js';
import { describeAttention } from './attentionSuite.js';

await startEngine();
describeAttention();
