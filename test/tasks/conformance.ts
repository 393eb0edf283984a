import { afterAll, describe, test } from 'vitest';
import type { Json } from '../../src/base/json.js';
import { runSuites } from '../../src/testing/suite.js';
import type { TaskCase } from '../../src/testing/taskBench.js';
import { taskSuite } from '../../src/testing/taskSuite.js';
import type { Example } from '../../tasks/example.js';

/** Runs what every task must satisfy; each task's test file calls it. */
export const describeTask = <Options, E extends Example, State extends Json>(
  taskCase: TaskCase<Options, E, State>,
): void => runSuites([taskSuite(taskCase)], { describe, test, after: afterAll });
