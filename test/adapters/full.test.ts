import { full } from '../../adapters/full.js';
import { describeConformance } from './conformance.js';

describeConformance(full, [{ name: 'defaults', options: {}, unfreezes: /./ }]);
