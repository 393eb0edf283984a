import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedRecipes } from '../../recipe/shipped.js';
import { type Candidate, candidate } from './candidate.js';
import { paths, runFolders } from './paths.js';
import { adapterKinds, recipeKeys } from './recipeKeys.js';

/** What was typed where a value is completed. */
export interface Place {
  readonly word: string;
  /** The arguments before it, without options. */
  readonly given: readonly string[];
  /** Names of the arguments that the verb takes. */
  readonly takes: readonly string[];
}

type Source = (place: Place) => readonly Candidate[];

const recipes: Source = ({ word }) => {
  const shipped = shippedRecipes().map(({ name, description }) => candidate(name, description));
  return [...shipped, ...paths(word, (name) => /\.jsonc?$/.test(name))];
};

/** `a,b+c:option=`: the last part of a list is completed, what stands before it stays. */
function adapterList({ word }: Place): Candidate[] {
  const [, before = '', last = ''] = /^(.*[,+])?(.*)$/s.exec(word) ?? [];
  const kinds = adapterKinds();
  const [, kind] = /^([\w-]+):/.exec(last) ?? [];
  const options = kinds.find((one) => one.kind === kind)?.options ?? [];
  if (kind !== undefined)
    return options.map(({ value, description }) => candidate(`${before}${kind}:${value}=`, description));
  const none = candidate(`${before}none`, 'the head alone');
  return [...kinds.map((one) => candidate(before + one.kind, one.description)), none];
}

/** Names of the adapters of the run that is asked. */
function adaptersOfRun({ word, given: [run = ''] }: Place): Candidate[] {
  const before = word.slice(0, word.lastIndexOf(',') + 1);
  try {
    const { adapters = [] } = JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8')) as {
      readonly adapters?: readonly { readonly kind: string; readonly name?: string }[];
    };
    return adapters.map(({ kind, name = kind }) => candidate(before + name, kind));
  } catch {
    return [];
  }
}

const keys: Source = ({ word, given: [recipe], takes }) =>
  recipeKeys(word, takes[0]?.startsWith('recipe') ? recipe : undefined);

/** Where values come from, by what the help calls them: `<run>`, `--set <key=value>`. */
const SOURCES: Readonly<Record<string, Source>> = {
  recipe: recipes,
  recipes,
  run: ({ word }) => runFolders(word),
  runs: ({ word }) => runFolders(word),
  folder: ({ word }) => paths(word, () => false),
  file: ({ word }) => paths(word, () => true),
  'key=value': keys,
  'key=value,value': keys,
  'key=from..to': keys,
};

/** Candidates for a value that the help calls so. */
export function valuesCalled(name: string, place: Place): readonly Candidate[] {
  return SOURCES[name]?.(place) ?? [];
}

/** Candidates for `--adapters`: kinds where a recipe is trained, names where a run is asked. */
export const adapterValues: Source = (place) =>
  place.takes[0] === 'run' ? adaptersOfRun(place) : adapterList(place);
