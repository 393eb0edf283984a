import type { BackboneShape, Site, Weights } from '../../../src/backbones/backbone.js';
import type { Problem } from '../../../src/base/errors.js';
import type { HostTensor } from '../../../src/base/hostTensor.js';
import { largest } from '../../../src/base/lists.js';

/** What PEFT puts before the names of the model's own modules. */
const PREFIX = 'base_model.model.';

/** The tensors that a file has for one linear layer. */
export interface StoredModule {
  readonly site: Site;
  /** Name of the module in the model that the file was made with. */
  readonly module: string;
  /** By what follows the module's name. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** The module of a linear layer as the checkpoint of the backbone names it. */
export const moduleOf = ({ weight }: Site): string => (weight as string).replace(/\.weight$/, '');

/** Name of one of the module's tensors in the file. */
export const tensorName = (module: string, part: string): string => `${PREFIX}${module}.${part}`;

const linearSites = (backbone: BackboneShape): readonly Site[] =>
  backbone.sites.filter(({ kind }) => kind === 'linear');

const endsAs = (name: string, end: string): boolean => name === end || name.endsWith(`.${end}`);

/**
 * The layers that a module may be. The model of the file may hold the backbone inside it (`visual_bert.` before all names)
 * or be a part of it (the text tower of a dual encoder).
 */
function candidates(backbone: BackboneShape, module: string): readonly Site[] {
  const sites = linearSites(backbone).map((site) => ({ site, own: moduleOf(site) }));
  const inside = sites.filter(({ own }) => endsAs(module, own));
  const longest = largest(inside.map(({ own }) => own.length));
  const found =
    inside.length > 0
      ? inside.filter(({ own }) => own.length === longest)
      : sites.filter(({ own }) => endsAs(own, module));
  return found.map(({ site }) => site);
}

function siteOf(backbone: BackboneShape, module: string, problems: Problem[]): Site | undefined {
  const found = candidates(backbone, module);
  if (found.length === 1) return found[0];
  const names = found.map(moduleOf);
  const known = linearSites(backbone).map(moduleOf);
  problems.push(
    found.length > 1
      ? {
          where: module,
          message: `this module may be ${names.slice(0, 3).join(' or ')}`,
          expected: 'names that tell them apart',
        }
      : {
          where: module,
          message: 'the backbone has no linear layer of this name that adapters can reach',
          ...(known.length > 0 && { expected: `it has for example ${known[0]}` }),
        },
  );
  return undefined;
}

/** Tensor names by module and what follows it; adds to `problems` those that are not called so. */
function byModule(
  tensors: Weights,
  parts: readonly string[],
  problems: Problem[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const name of tensors.keys()) {
    const part = parts.find((end) => name.endsWith(`.${end}`));
    if (part === undefined || !name.startsWith(PREFIX) || name.length <= PREFIX.length + part.length) {
      const expected = `${PREFIX}<module>.${parts.join(' or .')}`;
      problems.push({ where: name, message: 'this tensor has no counterpart here', expected });
      continue;
    }
    const module = name.slice(PREFIX.length, -part.length - 1);
    const own = found.get(module) ?? new Map<string, string>();
    found.set(module, own.set(part, name));
  }
  return found;
}

/**
 * The tensors of a PEFT file by the linear layers that they are for, in the backbone's order. Adds to `problems` every
 * tensor and every module that has no counterpart, or more than one.
 * @param parts what the names of tensors end in, for example `lora_A.weight`
 */
export function storedModules(
  tensors: Weights,
  backbone: BackboneShape,
  parts: readonly string[],
  problems: Problem[],
): readonly StoredModule[] {
  const found = new Map<Site, StoredModule>();
  for (const [module, names] of byModule(tensors, parts, problems)) {
    const site = siteOf(backbone, module, problems);
    if (!site) continue;
    const before = found.get(site);
    if (before) {
      problems.push({ where: module, message: `${before.module} is the same layer of the backbone` });
      continue;
    }
    const own = [...names].map(([part, name]) => [part, tensors.get(name) as HostTensor] as const);
    found.set(site, { site, module, tensors: new Map(own) });
  }
  if (tensors.size === 0) problems.push({ message: 'the folder has no tensors' });
  return backbone.sites.flatMap((site) => found.get(site) ?? []);
}

/**
 * Patterns that fit these linear layers and no others: the end of their names where all that end so are there, else with
 * the tower, else name by name.
 */
export function patternsFor(backbone: BackboneShape, sites: readonly Site[]): readonly string[] {
  const chosen = new Set(sites);
  const short = (name: string) => name.replace(/^(.*\.)?layers\.\d+\./, '');
  const ofTower = (name: string) => name.replace(/\.\d+\./, '.*.');
  const patternOf = ({ name }: Site): string => {
    const whole = (shortened: (name: string) => string) =>
      linearSites(backbone).every((site) => shortened(site.name) !== shortened(name) || chosen.has(site));
    if (whole(short)) return short(name);
    return whole(ofTower) ? ofTower(name) : name;
  };
  return [...new Set(sites.map(patternOf))];
}
