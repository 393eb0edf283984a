import { describe } from 'vitest';
import { describeObjectives } from './cases.js';

describe('objectives on wasm', () => describeObjectives('wasm'));
