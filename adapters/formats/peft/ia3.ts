import type { BackboneShape, Site } from '../../../src/backbones/backbone.js';
import { type Problem, UsageError } from '../../../src/base/errors.js';
import type { HostTensor } from '../../../src/base/hostTensor.js';
import { addAll } from '../../../src/base/lists.js';
import type { AdapterFormat, ForeignAdapter, NativeAdapter } from '../../adapter.js';
import type { Ia3Options } from '../../parts/ia3Options.js';
import { sitesMatching } from '../../parts/sitePatterns.js';
import { moduleOf, patternsFor, type StoredModule, storedModules, tensorName } from './modules.js';
import { unmapped } from './options.js';
import { mischosen, selectionOptions } from './selection.js';

/** The vector of a module: [out, 1] where it scales the output, [1, in] where it scales the input. */
const VECTOR = 'ia3_l';

const READ = [...selectionOptions, 'feedforward_modules', 'init_ia3_weights'];

interface Vector {
  readonly site: Site;
  readonly scales: 'outputs' | 'inputs';
  readonly values: HostTensor;
}

/** What a module's vector scales, by its shape. */
function vectorOf({ site, module, tensors }: StoredModule, problems: Problem[]): Vector[] {
  const values = tensors.get(VECTOR) as HostTensor;
  const { inputWidth, outputWidth } = site;
  const shape = String(values.shape);
  const isFloat = values.dtype === 'float32';
  if (isFloat && shape === `${outputWidth},1`) return [{ site, scales: 'outputs', values }];
  if (isFloat && shape === `1,${inputWidth}`) return [{ site, scales: 'inputs', values }];
  const message = `its shape is ${values.dtype} [${values.shape.join(', ')}]`;
  const expected = `float32 [${outputWidth}, 1] or [1, ${inputWidth}]`;
  problems.push({ where: tensorName(module, VECTOR), message, expected });
  return [];
}

function read({ config, tensors }: ForeignAdapter, backbone: BackboneShape): NativeAdapter<Ia3Options> {
  const problems = unmapped(config, READ);
  const stored = storedModules(tensors, backbone, [VECTOR], problems);
  addAll(problems, mischosen(config, backbone, stored));
  const vectors = stored.flatMap((module) => vectorOf(module, problems));
  if (problems.length > 0) throw new UsageError(problems);
  const patterns = (what: Vector['scales']) =>
    patternsFor(
      backbone,
      vectors.filter(({ scales }) => scales === what).map(({ site }) => site),
    );
  return {
    options: { outputs: patterns('outputs'), inputs: patterns('inputs') },
    parameters: new Map(
      vectors.map(({ site, scales, values }) => [
        `${site.name}.${scales === 'outputs' ? 'output' : 'input'}`,
        { ...values, shape: [values.data.length] },
      ]),
    ),
  };
}

function write({ options, parameters }: NativeAdapter<Ia3Options>, backbone: BackboneShape): ForeignAdapter {
  const outputs = sitesMatching(backbone, options.outputs, '/outputs');
  const inputs = sitesMatching(backbone, options.inputs, '/inputs');
  const both = inputs.filter((site) => outputs.includes(site));
  if (both.length > 0) {
    throw new UsageError(
      both.map(({ name }) => ({
        where: '/inputs',
        message: `PEFT scales the output or the input of a layer, and of '${name}' both are scaled`,
      })),
    );
  }
  const config = {
    peft_type: 'IA3',
    task_type: null,
    base_model_name_or_path: null,
    inference_mode: true,
    target_modules: [...outputs, ...inputs].map(moduleOf),
    feedforward_modules: inputs.map(moduleOf),
    modules_to_save: null,
    fan_in_fan_out: false,
    init_ia3_weights: true,
  };
  const vector = (site: Site, part: 'output' | 'input'): [string, HostTensor] => {
    const own = parameters.get(`${site.name}.${part}`) as HostTensor;
    const shape = part === 'output' ? [own.data.length, 1] : [1, own.data.length];
    return [tensorName(moduleOf(site), VECTOR), { ...own, shape }];
  };
  const tensors = new Map([
    ...outputs.map((site) => vector(site, 'output')),
    ...inputs.map((site) => vector(site, 'input')),
  ]);
  return { config, tensors };
}

/** (IA)3 as PEFT 0.21 saves it; what a vector scales, its shape says. */
export const peftIa3: AdapterFormat<Ia3Options> = {
  library: 'peft',
  accepts: ({ peft_type }) => peft_type === 'IA3',
  read,
  write,
};
