export type { AdapterVariant } from './adapterBench.js';
export { type AdapterSuiteOptions, adapterSuites, type SubjectSource } from './adapterSuite.js';
export type { Subject } from './subject.js';
export { type Check, type Runner, runSuites, type Suite } from './suite.js';
export type { MetricFixture, TaskCase } from './taskBench.js';
export { taskSuite } from './taskSuite.js';
export { tinySubjects } from './tinySubjects.js';
