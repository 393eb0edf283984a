import type { BackboneShape, Site } from '../../../src/backbones/backbone.js';
import type { Problem } from '../../../src/base/errors.js';
import type { Json } from '../../../src/base/json.js';
import { moduleOf, type StoredModule } from './modules.js';
import type { PeftConfig } from './options.js';

/** Options that choose modules. */
export const selectionOptions = [
  'target_modules',
  'exclude_modules',
  'layers_to_transform',
  'layers_pattern',
] as const;

const texts = (value: Json | undefined): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;

const isAmong = (module: string, names: readonly string[]): boolean =>
  names.some((name) => module === name || module.endsWith(`.${name}`));

/** The number of a module's layer: of the list of layers that has this name, else of the first list inside another module. */
function layerOf(module: string, list: string | undefined): number | undefined {
  const parts = module.split('.');
  const at = parts.findIndex((part, i) => {
    const isNumber = /^\d+$/.test(part) && i < parts.length - 1;
    return isNumber && (list === undefined ? i >= 2 : parts[i - 1] === list);
  });
  return at < 0 ? undefined : Number(parts[at]);
}

/**
 * Whether the options choose a module; undefined where they are regular expressions, which come from a file and are not
 * run: the tensors alone say then which modules were adapted.
 */
function selector(config: PeftConfig): ((module: string) => boolean) | undefined {
  const { target_modules, exclude_modules, layers_to_transform, layers_pattern } = config;
  const [targets, excluded] = [texts(target_modules), texts(exclude_modules ?? [])];
  const lists = typeof layers_pattern === 'string' ? [layers_pattern] : texts(layers_pattern ?? []);
  if (!targets || !excluded || !lists || lists.length > 1 || !lists.every((list) => /^\w+$/.test(list))) {
    return undefined;
  }
  const layers = [layers_to_transform ?? []].flat() as readonly Json[];
  return (module) => {
    if (isAmong(module, excluded) || !isAmong(module, targets)) return false;
    // a module that is named in full is adapted whatever its layer
    return (
      layers.length === 0 || targets.includes(module) || layers.includes(layerOf(module, lists[0]) ?? -1)
    );
  };
}

const towerOf = ({ name }: Site): string | undefined => /^(text|picture)\./.exec(name)?.[1];

/** Modules of layers that the options choose and that have no tensors, in the towers that have any. */
function lacking(
  isChosen: (module: string) => boolean,
  backbone: BackboneShape,
  stored: readonly StoredModule[],
): readonly string[] {
  // what the file's model has around the backbone
  const outer = stored.flatMap(({ site, module }) => {
    const own = moduleOf(site);
    return module.endsWith(own) ? [module.slice(0, -own.length)] : [];
  })[0];
  if (outer === undefined) return [];
  const has = new Set(stored.map(({ site }) => site));
  const towers = new Set(stored.map(({ site }) => towerOf(site)));
  return backbone.sites
    .filter((site) => site.kind === 'linear' && site.layer !== undefined)
    .filter((site) => !has.has(site) && towers.has(towerOf(site)))
    .map((site) => outer + moduleOf(site))
    .filter(isChosen);
}

/** Modules that the options choose without tensors, and tensors that they don't choose: PEFT would pass over both. */
export function mischosen(
  config: PeftConfig,
  backbone: BackboneShape,
  stored: readonly StoredModule[],
): Problem[] {
  const isChosen = selector(config);
  if (!isChosen) return [];
  const surplus = stored.map(({ module }) => module).filter((module) => !isChosen(module));
  return [
    ...lacking(isChosen, backbone, stored).map((module) => ({
      where: module,
      message: 'the config chooses this module, and it has no tensors',
    })),
    ...surplus.map((module) => ({
      where: module,
      message: 'it has tensors, and the config does not choose it',
    })),
  ];
}
