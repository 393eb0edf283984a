import { describe, it } from 'vitest';
import { startEngine } from '../../src/engine/index.js';
import { describeOps } from './opsSuite.js';

const info = await startEngine();
if (info.backend === 'tensorflow') describeOps(info);
else describe('ops on tensorflow', () => it.skip(`not here: ${info.reason}`, () => {}));
