import type { Adapter } from '../../adapters/adapter.js';
import { startEngine } from '../engine/index.js';
import { type AdapterVariant, adapterBench } from './adapterBench.js';
import { flowChecks, startChecks } from './adapterChecks.js';
import { compiledChecks } from './adapterCompiled.js';
import { keepingChecks } from './adapterKeeping.js';
import { requireRefused } from './require.js';
import { attach, freeSubject, type Subject } from './subject.js';
import { type Suite, suiteOf } from './suite.js';
import { tinySubjects } from './tinySubjects.js';

/** A tiny backbone, made when it is needed, the same each time. */
export interface SubjectSource {
  readonly name: string;
  readonly load: () => Subject;
}

const triedSuite = (
  adapter: Adapter<unknown>,
  variant: AdapterVariant,
  name: string,
  { load }: SubjectSource,
) =>
  suiteOf(
    name,
    () => adapterBench(load, adapter, variant.options),
    ({ subject }) => freeSubject(subject),
    [
      ...startChecks(adapter, variant),
      ...flowChecks(adapter, variant),
      ...keepingChecks(adapter, variant),
      ...compiledChecks(adapter, variant.options),
    ],
  );

async function loaded({ load }: SubjectSource): Promise<Subject> {
  await startEngine();
  return load();
}

/** That an adapter says where it does not fit a backbone. */
const refusedSuite = (
  adapter: Adapter<unknown>,
  { options }: AdapterVariant,
  name: string,
  source: SubjectSource,
) =>
  suiteOf(name, () => loaded(source), freeSubject, [
    {
      name: 'does not fit it, and says so',
      run: (subject) => requireRefused(() => attach(subject, adapter, options), 'the backbone'),
    },
  ]);

/** What an adapter is tried on. */
export interface AdapterSuiteOptions {
  /** Ways of configuring it whose structure differs; default: its defaults. */
  readonly variants?: readonly AdapterVariant[];
  /** Default: a tiny backbone of each family. */
  readonly subjects?: readonly SubjectSource[];
}

/**
 * Everything that an adapter must keep to, a suite for each variant and backbone: shapes, identity at the start,
 * gradients against finite differences, nothing through the backbone from the side, padding, dropout, saving, bf16,
 * merging, other libraries' folders, compiling.
 */
export function adapterSuites<Options>(
  adapter: Adapter<Options>,
  { variants = [{ name: 'defaults', options: {} }], subjects = tinySubjects }: AdapterSuiteOptions = {},
): readonly Suite[] {
  const any = adapter as Adapter<unknown>;
  return subjects.flatMap((subject) =>
    variants.map((variant) => {
      const name = `${adapter.kind} (${variant.name}) on ${subject.name}`;
      const suite = variant.refused?.test(subject.name) ? refusedSuite : triedSuite;
      return suite(any, variant, name, subject);
    }),
  );
}
