import { type HostTensor, int32 } from '../../src/base/hostTensor.js';
import { IGNORED_LABEL } from '../../src/data/ignoredLabel.js';
import type { Processor } from '../../src/data/sequence.js';
import { specialTokens } from './views/maskTokens.js';

type TokenOf = ReadonlyMap<string, number>;

const known = new WeakMap<Processor, WeakMap<readonly string[], Promise<TokenOf>>>();

async function readTokens(names: readonly string[], processor: Processor): Promise<TokenOf> {
  const special = await specialTokens(processor);
  const entries = await Promise.all(
    names.map(async (name) => {
      const { inputIds } = await processor.encode({ text: name });
      const own = [...inputIds].filter((id) => !special.has(id));
      return [name, own] as const;
    }),
  );
  return new Map(entries.flatMap(([name, own]) => (own.length === 1 ? [[name, own[0]!] as const] : [])));
}

/** The token of each name that is one token. */
function tokensOf(names: readonly string[], processor: Processor): Promise<TokenOf> {
  const ofProcessor = known.get(processor) ?? new WeakMap<readonly string[], Promise<TokenOf>>();
  const found = ofProcessor.get(names) ?? readTokens(names, processor);
  known.set(processor, ofProcessor.set(names, found));
  return found;
}

/**
 * The token of each label's name; a name of several tokens is left out of the loss.
 * @param labels int32, of any shape
 * @param names of the labels
 */
export async function wordTargets(
  labels: HostTensor,
  names: readonly string[],
  processor: Processor,
): Promise<HostTensor> {
  const tokens = await tokensOf(names, processor);
  const tokenOf = (label: number) => tokens.get(names[label] ?? '') ?? IGNORED_LABEL;
  return int32(labels.shape, Int32Array.from(labels.data, tokenOf));
}
