import { startEngine } from '../../src/engine/index.js';
import { describeOps } from './opsSuite.js';

describeOps(await startEngine({ backend: 'wasm' }));
