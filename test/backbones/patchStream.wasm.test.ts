import { expect, it } from 'vitest';
import { startEngine } from '../../src/engine/index.js';
import { expectClose } from '../parity/readParity.js';
import { openModel } from './parityModel.js';

it('ViltModel gives the pooled output of the reference on the wasm backend too', async () => {
  expect((await startEngine({ backend: 'wasm' })).backend).toBe('wasm');
  const { forward, parity } = openModel('ViltModel');
  const { pooled } = forward('main');
  expectClose(pooled.dataSync(), parity.outputs.get('pooler_output')!.data, parity.case.tolerance);
});
