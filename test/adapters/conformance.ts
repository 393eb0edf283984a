import { afterAll, describe, test } from 'vitest';
import type { Adapter } from '../../adapters/adapter.js';
import type { AdapterVariant } from '../../src/testing/adapterBench.js';
import { adapterSuites, type SubjectSource } from '../../src/testing/adapterSuite.js';
import { runSuites } from '../../src/testing/suite.js';
import { loadSubject, subjectNames } from './subjects.js';

/** One source for each name: what a source gives without adapters is computed once. */
const sources: readonly SubjectSource[] = Object.values(subjectNames)
  .flat()
  .map((name) => ({ name, load: () => loadSubject(name) }));

/** The suite of adapters on every backbone, for the defaults and what else is given; each adapter's test file calls it. */
export function describeConformance<Options>(
  adapter: Adapter<Options>,
  variants: readonly AdapterVariant[] = [{ name: 'defaults', options: {} }],
  names: readonly string[] = Object.values(subjectNames).flat(),
): void {
  const subjects = names.map((wanted) => sources.find(({ name }) => name === wanted)!);
  runSuites(adapterSuites(adapter, { variants, subjects }), { describe, test, after: afterAll });
}
