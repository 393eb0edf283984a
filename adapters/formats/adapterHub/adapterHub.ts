import type { BackboneShape } from '../../../src/backbones/backbone.js';
import { type Problem, UsageError } from '../../../src/base/errors.js';
import type { Json } from '../../../src/base/json.js';
import { isJsonObject } from '../../../src/base/json.js';
import type { ParameterSpec } from '../../../src/nn/parameters.js';
import type { AdapterFormat, ForeignAdapter, NativeAdapter } from '../../adapter.js';
import { type HubOptions, type HubSwitches, hubOptions, switchProblems } from './hubSwitches.js';
import { hubTensors } from './hubTensors.js';

/** How one method of this package stands in the folders of the `adapters` library. */
export interface HubMethod<Options> {
  /** Whether a bottleneck with these switches is of this method. */
  accepts(switches: HubSwitches): boolean;
  /** Values that switches must have, besides those that no method can do without. */
  required(switches: HubSwitches): Readonly<Record<string, readonly Json[]>>;
  /** What it can't map is added to `problems`. */
  options(shared: HubOptions, switches: HubSwitches, problems: Problem[]): Options;
  parameters(backbone: BackboneShape, options: Options): readonly ParameterSpec[];
  /** The library's name of a bottleneck's tensor -> ours behind the site's name. */
  readonly parts: Readonly<Record<string, string>>;
  /** The library's name of a tensor that all bottlenecks share -> ours. */
  readonly shared?: Readonly<Record<string, string>>;
}

/** The switches of a bottleneck; undefined for the library's other methods and for other libraries. */
function switchesOf({ config }: Readonly<Record<string, Json>>): HubSwitches | undefined {
  const isBottleneck =
    isJsonObject(config) && 'reduction_factor' in config && 'non_linearity' in config && !config.architecture;
  return isBottleneck ? (config as HubSwitches) : undefined;
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** What is missing, and what has another shape. */
function fitProblems(specs: readonly ParameterSpec[], own: NativeAdapter<unknown>['parameters']): Problem[] {
  return specs.flatMap(({ name, shape }): Problem[] => {
    const found = own.get(name);
    if (!found) return [{ where: name, message: 'no tensor of the file gives this parameter' }];
    if (shapeText(found.shape) === shapeText(shape)) return [];
    return [{ where: name, message: `shape ${shapeText(found.shape)}`, expected: shapeText(shape) }];
  });
}

/** The tensors that the file should not have. */
const extraProblems = (
  specs: readonly ParameterSpec[],
  own: NativeAdapter<unknown>['parameters'],
): Problem[] => {
  const known = new Set(specs.map(({ name }) => name));
  return [...own.keys()]
    .filter((name) => !known.has(name))
    .map((name) => ({ where: name, message: 'the options of the file leave no room for this tensor' }));
};

function read<Options>(
  folder: ForeignAdapter,
  backbone: BackboneShape,
  method: HubMethod<Options>,
): NativeAdapter<Options> {
  const switches = switchesOf(folder.config) as HubSwitches;
  const problems: Problem[] = [...switchProblems(switches, method.required(switches))];
  const shared = hubOptions(switches, backbone, problems);
  const parameters = hubTensors(folder, backbone, method, problems);
  const options = method.options(shared, switches, problems);
  // What can't be mapped makes the rest a guess.
  if (problems.length > 0) throw new UsageError(problems);
  const specs = method.parameters(backbone, options);
  const misfits = [...fitProblems(specs, parameters), ...extraProblems(specs, parameters)];
  if (misfits.length > 0) throw new UsageError(misfits);
  return { options, parameters };
}

/** Reads a bottleneck of the `adapters` library; where it can't be done whole, one UsageError says every reason. */
export const hubFormat = <Options>(method: HubMethod<Options>): AdapterFormat<Options> => ({
  library: 'adapter-hub',
  accepts: (config) => {
    const switches = switchesOf(config);
    return switches !== undefined && method.accepts(switches);
  },
  read: (folder, backbone) => read(folder, backbone, method),
});
