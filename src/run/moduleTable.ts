import type { BackboneShape } from '../backbones/backbone.js';
import { gives } from '../backbones/capabilities.js';
import { sizeOf } from '../base/hostTensor.js';
import type { Model } from '../model/model.js';

/** Parameters of one part of a model. */
export interface ModuleSize {
  /** `embeddings`, `layers.3`, `adapters.bottleneck layers.3`, `head`. */
  readonly module: string;
  readonly group: 'backbone' | 'adapters' | 'head';
  readonly trainable: number;
  readonly frozen: number;
}

/** The layer that a parameter of a backbone is of, else what its name begins with. */
function backboneModule({ layerPlaces, ...shape }: BackboneShape, parameter: string): string {
  const place = layerPlaces.find(({ parameterPrefix }) => parameter.startsWith(parameterPrefix));
  if (place) return place.name;
  const path = parameter.split('.').slice(0, -1);
  return path.slice(0, gives(shape, 'fused') ? 1 : 2).join('.') || parameter;
}

/** An adapter, and the layer that its parameter is at where its name says so. */
function adapterModule({ layerPlaces }: BackboneShape, parameter: string): string {
  const [adapter = '', ...rest] = parameter.split('.');
  const inside = `${rest.join('.')}.`;
  const place = layerPlaces.find(({ name }) => inside.startsWith(`${name}.`));
  return `adapters.${adapter}${place ? ` ${place.name}` : ''}`;
}

const withoutOwner = (name: string): string => name.slice(name.indexOf('.') + 1);

/** How many parameters each part of a model has, those that train and those that don't; backbone, adapters, head. */
export function moduleTable({ trainables, parts: { backbone } }: Model): ModuleSize[] {
  const { shape } = backbone;
  const rows = new Map<
    string,
    { module: string; group: ModuleSize['group']; trainable: number; frozen: number }
  >();
  const add = (group: ModuleSize['group'], module: string, trainable: number, frozen: number) => {
    const row = rows.get(module) ?? { module, group, trainable: 0, frozen: 0 };
    row.trainable += trainable;
    row.frozen += frozen;
    rows.set(module, row);
  };
  const trained = new Set(trainables.map(({ name }) => name));
  for (const { name, shape: size } of shape.parameters) {
    const isTrained = trained.has(`backbone.${name}`);
    const count = sizeOf(size);
    add('backbone', backboneModule(shape, name), isTrained ? count : 0, isTrained ? 0 : count);
  }
  for (const { name, group, variable } of trainables) {
    const inside = withoutOwner(name);
    if (group === 'adapters') add('adapters', adapterModule(shape, inside), sizeOf(variable.shape), 0);
    if (group === 'head') add('head', 'head', sizeOf(variable.shape), 0);
  }
  return [...rows.values()];
}
