import { describe } from 'vitest';
import { describeObjectives } from './cases.js';

describe('objectives on the default backend', () => describeObjectives('auto'));
