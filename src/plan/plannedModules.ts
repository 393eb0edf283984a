import { layerCount } from '../backbones/streams.js';
import type { ModelParts } from '../model/model.js';
import { countParameters, type ParameterSpec } from '../nn/parameters.js';
import type { PlannedModule } from './runPlan.js';

type Parts = Pick<ModelParts, 'backbone' | 'attached' | 'task'>;

/** Which part of a backbone a parameter is in, by the order in which they are shown. */
function moduleOf({ backbone: { shape } }: Parts): (parameter: string) => string {
  const towers = new Set(shape.layerPlaces.map(({ stream }) => stream)).size > 1;
  const poolers = shape.sites.flatMap(({ weight, layer, name }) =>
    weight !== undefined && layer === undefined ? [{ prefix: weight.replace(/weight$/, ''), name }] : [],
  );
  const streamOf = (parameter: string) => (parameter.startsWith('text') ? 'text.' : 'picture.');
  return (parameter) => {
    const place = shape.layerPlaces.find(({ parameterPrefix }) => parameter.startsWith(parameterPrefix));
    if (place) return place.name;
    const pooler = poolers.find(({ prefix }) => parameter.startsWith(prefix));
    if (pooler) return pooler.name;
    if (/(^|\.)embeddings\./.test(parameter)) return `${towers ? streamOf(parameter) : ''}embeddings`;
    return 'rest of the backbone';
  };
}

const rankOf = (module: string, layers: number): number => {
  if (module.endsWith('embeddings')) return -1;
  const layer = /layers\.(\d+)$/.exec(module)?.[1];
  return layer === undefined ? layers : Number(layer);
};

/** Parameters of embeddings, layers and pooler; those that an adapter unfreezes train. */
function backboneModules(parts: Parts): PlannedModule[] {
  const { shape } = parts.backbone;
  const unfrozen = new Set(parts.attached.flatMap(({ plan }) => plan.unfrozen));
  const find = moduleOf(parts);
  const members = new Map<string, ParameterSpec[]>();
  for (const spec of shape.parameters) {
    const module = find(spec.name);
    members.set(module, [...(members.get(module) ?? []), spec]);
  }
  const layers = layerCount(shape);
  const count = (specs: readonly ParameterSpec[], trains: boolean) =>
    countParameters(specs.filter(({ name }) => unfrozen.has(name) === trains));
  return [...members]
    .map(([module, specs]) => ({
      module,
      group: 'backbone' as const,
      trainable: count(specs, true),
      frozen: count(specs, false),
    }))
    .sort((a, b) => rankOf(a.module, layers) - rankOf(b.module, layers));
}

/** Parameters of a model by module, in the order of the forward pass; nothing is allocated. */
export function plannedModules(parts: Parts): PlannedModule[] {
  const { backbone, attached, task } = parts;
  const head = task.task.head(task.options, task.state, backbone.shape, backbone.checkpoint);
  const adapters = attached.map(({ name, plan }): PlannedModule => {
    const trainable = countParameters(plan.parameters);
    return { module: `adapters.${name}`, group: 'adapter', trainable, frozen: 0 };
  });
  const trained = { module: 'head', group: 'head' as const, trainable: countParameters(head), frozen: 0 };
  return [...backboneModules(parts), ...adapters, trained];
}
