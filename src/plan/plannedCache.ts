import type { BackboneShape } from '../backbones/backbone.js';
import { layerCount } from '../backbones/streams.js';
import type { CutDescription } from '../frozen/decide.js';
import type { AttachedAdapter } from '../model/attach.js';
import type { RunPlan } from './runPlan.js';

/** The first layer in which a value or a parameter of this adapter is trained; 0: before the layers or in the first. */
function firstLayer(shape: BackboneShape, { plan }: Pick<AttachedAdapter, 'plan'>): number {
  const layers = layerCount(shape);
  const ofSite = (name: string) => {
    const site = shape.sites.find((one) => one.name === name);
    if (site?.layer !== undefined) return site.layer;
    return site && /(^|\.)embeddings\./.test(site.name) ? 0 : layers;
  };
  const ofLayer = (name: string) => shape.layerPlaces.find((place) => place.name === name)?.layer ?? 0;
  const ofParameter = (name: string) => {
    const place = shape.layerPlaces.find(({ parameterPrefix }) => name.startsWith(parameterPrefix));
    if (place) return place.layer;
    return /(^|\.)embeddings\./.test(name) ? 0 : layers;
  };
  return Math.min(
    layers,
    ...plan.sites.map(ofSite),
    ...(plan.layers ?? []).map(ofLayer),
    ...plan.unfrozen.map(ofParameter),
  );
}

/** Layers of the backbone before the first one in which something trains; all of them for side adapters. */
export const frozenLayers = (
  shape: BackboneShape,
  attached: readonly Pick<AttachedAdapter, 'plan'>[],
): number => attached.reduce((least, one) => Math.min(least, firstLayer(shape, one)), layerCount(shape));

/** What of the backbone gives the same for the same input in every epoch, and whether it is stored. */
export function plannedCache(
  shape: BackboneShape,
  attached: readonly Pick<AttachedAdapter, 'plan'>[],
  { used, what, reason }: Pick<CutDescription, 'used' | 'what' | 'reason'>,
): RunPlan['cache'] {
  if (used) return { used, what, reason };
  const [frozen, all] = [frozenLayers(shape, attached), layerCount(shape)];
  const none = frozen === 0;
  const part = frozen === all ? 'all layers of the backbone' : `the first ${frozen} of ${all} layers`;
  return {
    used: false,
    what: none ? 'nothing: the first layer changes already' : part,
    reason,
  };
}
