import type { BackboneShape, LayerPlace, Weights } from '../../../src/backbones/backbone.js';
import type { Problem } from '../../../src/base/errors.js';
import type { HostTensor } from '../../../src/base/hostTensor.js';
import { memberOf } from '../../../src/base/json.js';
import type { ForeignAdapter } from '../../adapter.js';
import type { ModuleName } from '../../parts/modules.js';

/** What a model with a head puts before the names of its body. */
const BASE = /^(?:bert|roberta|clip|model)\./;

/** Where the library keeps the bottlenecks after a module: CLIP's layers are called otherwise than BERT's. */
function placeOf({ parameterPrefix: prefix }: LayerPlace, module: ModuleName): string {
  const ofClip = /\.layers\.\d+\.$/.test(prefix);
  if (ofClip) return `${prefix}${module === 'attention' ? 'attention' : 'output'}_adapters`;
  return `${prefix}${module === 'attention' ? 'attention.output' : 'output'}`;
}

/** Place in the library's model -> site here. */
const sitesByPlace = ({ layerPlaces }: BackboneShape): ReadonlyMap<string, string> =>
  new Map(
    layerPlaces.flatMap((layer) =>
      (['attention', 'ffn'] as const).map((module) => [
        placeOf(layer, module),
        `${layer.name}.${module}.output`,
      ]),
    ),
  );

/** The library's names of the tensors -> ours. */
export interface HubNames {
  readonly parts: Readonly<Record<string, string>>;
  readonly shared?: Readonly<Record<string, string>>;
}

/** Ours of one name; undefined where it has none. */
function nativeName(name: string, sites: ReadonlyMap<string, string>, { parts, shared }: HubNames) {
  const [, common] = /^(?:[a-z]+\.)?shared_parameters\.[^.]+\.(.+)$/.exec(name) ?? [];
  if (common !== undefined) return memberOf(shared ?? {}, common);
  const [, place = '', part = ''] = /^(.+)\.adapters\.[^.]+\.(.+)$/.exec(name) ?? [];
  const site = sites.get(place) ?? sites.get(place.replace(BASE, ''));
  const native = memberOf(parts, part);
  return site && native && `${site}.${native}`;
}

/** The tensors by our names; `problems` gets those that have none, and those that have the same. */
export function hubTensors(
  { tensors }: ForeignAdapter,
  backbone: BackboneShape,
  names: HubNames,
  problems: Problem[],
): Weights {
  const sites = sitesByPlace(backbone);
  const own = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const native = nativeName(name, sites, names);
    if (!native) problems.push({ where: name, message: 'this tensor has no place in the backbone' });
    else if (own.has(native)) problems.push({ where: name, message: `a second tensor for '${native}'` });
    else own.set(native, tensor);
  }
  return own;
}
